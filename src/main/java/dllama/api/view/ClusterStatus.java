package dllama.api.view;

import dllama.api.service.Admission;
import dllama.api.service.ModelCard;
import dllama.cluster.root.NodeState;
import dllama.cluster.root.NodesHere;
import dllama.cluster.wire.NodeFigures;
import dllama.error.UserException;
import dllama.prediction.Outlook;
import dllama.session.Root;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/// The document that `GET /cluster` shows, of all that is known. Any thread.
public final class ClusterStatus {
  private final Root root;
  private final ClusterView view;
  private final Meter meter;
  private final Admission admission;
  private final ModelCard model;
  private final Map<Integer, Long> bytesByNodes;
  private final Outlook outlook;

  /// @param bytesByNodes what each node would hold, by number of nodes
  /// @param outlook what a token would take there
  public ClusterStatus(
      Root root,
      ClusterView view,
      Meter meter,
      Admission admission,
      ModelCard model,
      Map<Integer, Long> bytesByNodes,
      Outlook outlook) {
    this.bytesByNodes = bytesByNodes;
    this.outlook = outlook;
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
    NodesHere here = here();
    document.put("nodes", here == null ? List.of() : nodes(here));
    Map<String, Object> rates = meter.latest();
    document.put("rates", rates == null ? Map.of() : rates);
    document.put("history", meter.history());
    document.put("events", view.events());
    document.put("plan", plan(here));
    document.put("computing", root.kernels().text());
    return document;
  }

  /// What the model would take of other numbers of nodes.
  private List<Map<String, Object>> plan(@Nullable NodesHere here) {
    int now = here == null ? 0 : here.computing().size();
    long least =
        here == null
            ? 0
            : here.states().values().stream().mapToLong(NodeState::memoryLimit).min().orElse(0);
    Optional<Meter.Single> token = meter.single(view.readySince());
    List<Map<String, Object>> plan = new ArrayList<>();
    bytesByNodes.forEach(
        (nodes, bytes) -> {
          Map<String, Object> row = new LinkedHashMap<>();
          row.put("nodes", nodes);
          row.put("bytesPerNode", bytes);
          if (least > 0) {
            row.put("fits", bytes <= least);
          }
          token
              .map(of -> outlook.msPerToken(nodes, now, of.computeMs(), of.syncMs()))
              .ifPresent(of -> of.ifPresent(ms -> row.put("predictedMsPerToken", rounded(ms))));
          plan.add(row);
        });
    return plan;
  }

  /// Null if the root does not answer in time.
  private @Nullable NodesHere here() throws InterruptedException {
    try {
      return root.nodes(OptionalInt.empty());
    } catch (UserException e) {
      return null;
    }
  }

  private List<Map<String, Object>> nodes(NodesHere here) {
    List<Map<String, Object>> nodes = new ArrayList<>();
    Map<Integer, ClusterView.Loading> slices = view.slices();
    List<String> computing = here.computing().isEmpty() ? List.of(here.root()) : here.computing();
    Optional<String> slowest = here.slowest();
    for (int rank = 0; rank < computing.size(); rank++) {
      String address = computing.get(rank);
      Map<String, Object> node = node(address, rank == 0 ? "root" : "worker");
      node.put("rank", rank);
      node.put("state", view.state() == ClusterView.State.READY ? "ready" : "loading");
      putSlice(node, slices.get(rank));
      putState(node, here.state(address));
      if (slowest.equals(Optional.of(address))) {
        node.put("slowest", true);
      }
      nodes.add(node);
    }
    for (String address : here.others()) {
      Map<String, Object> spare = node(address, "spare");
      spare.put("state", "joined");
      NodeState state = here.state(address);
      putState(spare, state);
      if (state != null) {
        spare.put("keeps", state.keeps());
      }
      nodes.add(spare);
    }
    return nodes;
  }

  private static Map<String, Object> node(String address, String role) {
    Map<String, Object> node = new LinkedHashMap<>();
    node.put("id", role.equals("root") ? role : address);
    if (!address.isEmpty()) {
      node.put("address", address);
    }
    node.put("role", role);
    return node;
  }

  /// What a rank holds of the model.
  private void putSlice(Map<String, Object> node, ClusterView.@Nullable Loading slice) {
    node.put("layers", model.layers());
    if (slice != null) {
      node.put("sliceBytes", slice.total());
      node.put("loadedBytes", slice.bytes());
    }
  }

  /// What is not known is left out.
  private void putState(Map<String, Object> node, @Nullable NodeState state) {
    if (state == null) {
      return;
    }
    NodeFigures figures = state.figures();
    if (figures.memoryTotal() >= 0 && figures.memoryAvailable() >= 0) {
      node.put("memoryTotal", figures.memoryTotal());
      node.put("memoryAvailable", figures.memoryAvailable());
    }
    state
        .heads()
        .ifPresent(
            heads ->
                node.put(
                    "heads",
                    Map.of("first", heads.from(), "count", heads.size(), "of", model.heads())));
    node.put("memoryLimit", state.memoryLimit());
    if (figures.cores() > 0) {
      node.put("cores", figures.cores());
    }
    if (figures.load() >= 0) {
      node.put("load", rounded(figures.load()));
    }
    state.roundTripMs().ifPresent(ms -> node.put("roundTripMs", rounded(ms)));
    state.waitShare().ifPresent(share -> node.put("waitShare", rounded(share)));
  }

  private static double rounded(double value) {
    return Math.round(value * 1000) / 1000.0;
  }
}
