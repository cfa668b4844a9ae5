package dllama.cluster;

/// A message between nodes that is not tensor data: serialized as Jackson CBOR. Only those named
/// here may cross the network (`akka.actor.serialization-bindings`, [ControlSerializer]). What one
/// of them holds it checks when it is made, see [Checks]: a message that makes no sense never
/// reaches an actor.
sealed interface ControlMessage
    permits RootMembership.Hello,
        RootMembership.Alive,
        RootMembership.Goodbye,
        WorkerMembership.Key,
        WorkerMembership.Welcome,
        WorkerMembership.Stranger,
        WorkerMembership.RootEnded,
        WorkerMembership.RootAlive,
        RootCoordinator.SliceWanted,
        RootCoordinator.Loading,
        RootCoordinator.ShardReady,
        RootCoordinator.ShardRefused,
        RootCoordinator.ShardFailed,
        RootCoordinator.Stepped,
        LayerShard.Assign,
        LayerShard.SendTo,
        LayerShard.Dissolve,
        LayerShard.AskLogits,
        WeightStream.Received {}
