package dllama.api.view;

import dllama.api.service.Admission;
import dllama.api.service.ModelCard;
import dllama.cluster.root.NodesHere;
import dllama.error.UserException;
import dllama.session.Root;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;

/// The document that `GET /cluster` shows, of all that is known. Any thread.
public final class ClusterStatus {
  private final Root root;
  private final ClusterView view;
  private final Meter meter;
  private final Admission admission;
  private final ModelCard model;
  private final Map<Integer, Long> bytesByNodes;

  /// @param bytesByNodes what each node would hold, by number of nodes
  public ClusterStatus(
      Root root,
      ClusterView view,
      Meter meter,
      Admission admission,
      ModelCard model,
      Map<Integer, Long> bytesByNodes) {
    this.bytesByNodes = bytesByNodes;
    this.root = root;
    this.view = view;
    this.meter = meter;
    this.admission = admission;
    this.model = model;
  }

  /// All of it, as maps and lists.
  public Map<String, Object> document() throws InterruptedException {
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("state", view.state().name().toLowerCase(Locale.ROOT));
    if (!view.waiting().isEmpty()) {
      document.put("waiting", view.waiting());
    }
    document.put(
        "model",
        Map.of(
            "id", model.id(),
            "architecture", model.architecture(),
            "weights", model.weights(),
            "layers", model.layers(),
            "contextLength", model.contextLength()));
    document.put(
        "answers",
        Map.of(
            "running", admission.running(),
            "waiting", admission.waiting(),
            "places", admission.places()));
    document.put("nodes", nodes());
    Map<String, Object> rates = meter.latest();
    document.put("rates", rates == null ? Map.of() : rates);
    document.put("history", meter.history());
    document.put("events", view.events());
    document.put("plan", plan());
    document.put("computing", root.kernels().text());
    return document;
  }

  private List<Map<String, Object>> plan() {
    List<Map<String, Object>> plan = new ArrayList<>();
    bytesByNodes.forEach((nodes, bytes) -> plan.add(Map.of("nodes", nodes, "bytesPerNode", bytes)));
    return plan;
  }

  private List<Map<String, Object>> nodes() throws InterruptedException {
    NodesHere here;
    try {
      here = root.nodes(OptionalInt.empty());
    } catch (UserException e) {
      return List.of(); // it does not answer in time
    }
    List<Map<String, Object>> nodes = new ArrayList<>();
    Map<Integer, ClusterView.Loading> slices = view.slices();
    for (int rank = 0; rank < here.computing().size(); rank++) {
      nodes.add(node(here.computing().get(rank), rank, slices.get(rank)));
    }
    if (nodes.isEmpty()) {
      nodes.add(node("", 0, slices.get(0)));
    }
    for (String address : here.others()) {
      Map<String, Object> spare = new LinkedHashMap<>();
      spare.put("id", address);
      spare.put("address", address);
      spare.put("role", "spare");
      spare.put("state", "joined");
      nodes.add(spare);
    }
    return nodes;
  }

  private Map<String, Object> node(
      String address, int rank, ClusterView.@org.jspecify.annotations.Nullable Loading slice) {
    Map<String, Object> node = new LinkedHashMap<>();
    node.put("id", rank == 0 ? "root" : address);
    if (!address.isEmpty()) {
      node.put("address", address);
    }
    node.put("role", rank == 0 ? "root" : "worker");
    node.put("rank", rank);
    node.put("state", view.state() == ClusterView.State.READY ? "ready" : "loading");
    node.put("layers", model.layers());
    if (slice != null) {
      node.put("sliceBytes", slice.total());
      node.put("loadedBytes", slice.bytes());
    }
    return node;
  }
}
