package dllama.cluster.wire;

/// A message between nodes that is not tensor data: serialized as Jackson CBOR. Only those named
/// here may cross the network (`akka.actor.serialization-bindings`, [ControlSerializer]). What one
/// of them holds it checks when it is made, see [Checks]: a message that makes no sense never
/// reaches an actor.
sealed interface ControlMessage
    permits MembersMessage.Hello,
        MembersMessage.Alive,
        MembersMessage.Pong,
        MembersMessage.Goodbye,
        WorkerMessage.Key,
        WorkerMessage.Welcome,
        WorkerMessage.Stranger,
        WorkerMessage.RootEnded,
        WorkerMessage.RootAlive,
        RootMessage.SliceWanted,
        RootMessage.Loading,
        RootMessage.Measured,
        RootMessage.Fetched,
        RootMessage.ShardReady,
        RootMessage.ShardRefused,
        RootMessage.ShardFailed,
        RootMessage.Stepped,
        RankMessage.Assign,
        RankMessage.Measure,
        RankMessage.Fetch,
        RankMessage.SendTo,
        RankMessage.Dissolve,
        StreamMessage.Received {}
