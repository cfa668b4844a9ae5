package dllama.cluster;

/// A message between nodes that is not tensor data: serialized as Jackson CBOR. Only types that
/// implement this may cross the network (`akka.actor.serialization-bindings`).
interface ControlMessage {}
