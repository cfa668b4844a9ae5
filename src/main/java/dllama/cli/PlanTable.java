package dllama.cli;

import dllama.cli.PlanResult.Row;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/// A plan for the eye; 1 GB = 1024³ and 1 kB = 1024 bytes.
final class PlanTable {
  private static final String GAP = "  ";
  private static final Map<String, Function<Row, String>> COLUMNS = columns();

  private PlanTable() {}

  private static Map<String, Function<Row, String>> columns() {
    Map<String, Function<Row, String>> columns = new LinkedHashMap<>();
    columns.put("nodes", row -> String.valueOf(row.nodes()));
    columns.put("GB/node", row -> gigabytes(row.memory().total()) + (row.fits() ? " " : "!"));
    columns.put("root sends", row -> kilobytes(row.traffic().rootSent()));
    columns.put("receives", row -> kilobytes(row.traffic().rootReceived()));
    columns.put("all kB/token", row -> kilobytes(row.traffic().allNodes()));
    columns.put("read ms", row -> digits(row.msPerToken().read()));
    columns.put("attention", row -> digits(row.msPerToken().attention()));
    columns.put("exchange", row -> digits(row.msPerToken().exchange()));
    columns.put("logits", row -> digits(row.msPerToken().logits()));
    columns.put("ms/token", row -> digits(row.msPerToken().total()));
    columns.put("tokens/s", row -> digits(row.tokensPerSecond()));
    columns.put("prefill t/s", row -> digits(row.prefillTokensPerSecond()));
    columns.put("first token s", row -> digits(row.firstTokenSeconds()));
    columns.put("first load s", row -> digits(row.loadSeconds()));
    return columns;
  }

  static String text(PlanResult result) {
    StringBuilder text = new StringBuilder();
    heading(result).forEach(line -> text.append(line).append('\n'));
    text.append('\n').append(table(result.rows())).append('\n');
    notes(result).forEach(line -> text.append(line).append('\n'));
    result.problems().forEach(line -> text.append("! ").append(line).append('\n'));
    result.unusable().forEach(line -> text.append("can not be used: ").append(line).append('\n'));
    return text.toString();
  }

  private static List<String> heading(PlanResult result) {
    PlanResult.DeviceFigures device = result.device();
    PlanResult.LinkFigures link = result.link();
    return List.of(
        "%s: %s, %s weights, %s exchange, %s cache of %d positions; prompt of %d tokens in batches of %d"
            .formatted(
                result.model(),
                result.architecture(),
                result.weights(),
                result.exchange(),
                result.kv(),
                result.contextLength(),
                result.promptTokens(),
                result.prefillBatch()),
        "%s, %s: %s GB, %d cores, reads %s GB of weights and does %s billion products per second; an exchange takes %s ms and %s per further node"
            .formatted(
                device.name(),
                device.measured() ? "measured" : "estimated",
                gigabytes(device.memoryBytes()),
                device.cores(),
                digits(device.readGbPerSecond()),
                digits(device.productsPerSecond()),
                digits(device.exchangeMs()),
                digits(device.messageMs())),
        "link %s: %s Mbit/s%s, %s ms"
            .formatted(
                link.name(),
                digits(link.mbitPerSecond()),
                link.shared() ? " for all together" : "",
                digits(link.latencyMs())));
  }

  private static List<String> notes(PlanResult result) {
    return List.of(
        "Memory is packed weights, key/value cache and %s GB for Java; the root's embedding stays in the mapped file."
            .formatted(gigabytes(result.rows().getFirst().memory().process())));
  }

  /// Columns as wide as what stands in them, to the right.
  private static String table(List<Row> rows) {
    return line(rows, COLUMNS.keySet().stream().collect(Collectors.toMap(name -> name, n -> n)))
        + rows.stream()
            .map(
                row ->
                    line(
                        rows,
                        COLUMNS.entrySet().stream()
                            .collect(
                                Collectors.toMap(
                                    Map.Entry::getKey, column -> column.getValue().apply(row)))))
            .collect(Collectors.joining());
  }

  private static String line(List<Row> rows, Map<String, String> cells) {
    return COLUMNS.keySet().stream()
            .map(name -> padded(cells.getOrDefault(name, ""), width(rows, name)))
            .collect(Collectors.joining(GAP))
        + "\n";
  }

  private static int width(List<Row> rows, String name) {
    Function<Row, String> column = COLUMNS.getOrDefault(name, row -> "");
    return rows.stream()
        .mapToInt(row -> column.apply(row).length())
        .reduce(name.length(), Math::max);
  }

  private static String padded(String cell, int width) {
    return " ".repeat(width - cell.length()) + cell;
  }

  static String gigabytes(long bytes) {
    return String.format(Locale.ROOT, "%.1f", bytes / (double) (1 << 30));
  }

  private static String kilobytes(long bytes) {
    return digits(bytes / 1024.0);
  }

  /// Three digits: a prediction has not more.
  private static String digits(double value) {
    int decimals = value == 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
    return String.format(Locale.ROOT, "%." + decimals + "f", value);
  }
}
