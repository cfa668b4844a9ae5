package dllama.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/// Rows as a table that Markdown understands, below a line about the machine, or with commas.
final class BenchTable {
  private static final Map<String, Function<BenchRow, String>> COLUMNS = columns();

  private BenchTable() {}

  private static Map<String, Function<BenchRow, String>> columns() {
    Map<String, Function<BenchRow, String>> columns = new LinkedHashMap<>();
    columns.put("model", BenchRow::model);
    columns.put("weights", BenchRow::weights);
    columns.put("layers", BenchRow::layersText);
    columns.put("nodes", row -> String.valueOf(row.nodes()));
    columns.put("threads", row -> String.valueOf(row.threads()));
    columns.put("GB/node", row -> number(row.nodeBytes() / (double) (1 << 30)));
    columns.put("prefill", row -> String.valueOf(row.prefill().tokens()));
    columns.put("prefill t/s", row -> number(row.prefill().tokensPerSecond()));
    columns.put("decode", row -> String.valueOf(row.decode().tokens()));
    columns.put("decode ms/token", row -> number(row.decode().medianMsPerToken()));
    columns.put("decode t/s", row -> number(row.decode().tokensPerSecond()));
    columns.put("sync ms/token", row -> number(row.sync().medianMsPerToken()));
    columns.put("sent kB/token", row -> number(row.sync().sentBytesPerToken() / 1024.0));
    columns.put("received kB/token", row -> number(row.sync().receivedBytesPerToken() / 1024.0));
    return columns;
  }

  static String markdown(List<BenchRow> rows) {
    List<List<String>> cells = lines(rows, false);
    String rule = "|---".repeat(cells.getFirst().size()) + "|\n";
    List<String> lines = cells.stream().map(BenchTable::markdownLine).toList();
    return rows.getFirst().machine().text()
        + "\n\n"
        + lines.getFirst()
        + rule
        + String.join("", lines.subList(1, lines.size()));
  }

  private static String markdownLine(List<String> cells) {
    return "| " + String.join(" | ", cells) + " |\n";
  }

  static String csv(List<BenchRow> rows) {
    return lines(rows, true).stream()
        .map(cells -> cells.stream().map(BenchTable::quoted).collect(Collectors.joining(",")))
        .map(line -> line + "\n")
        .collect(Collectors.joining());
  }

  private static String quoted(String cell) {
    return cell.contains(",") || cell.contains("\"")
        ? '"' + cell.replace("\"", "\"\"") + '"'
        : cell;
  }

  /// @param machine whether each line says what computed, too, without commas, which scripts split
  ///     by
  private static List<List<String>> lines(List<BenchRow> rows, boolean machine) {
    Map<String, Function<BenchRow, String>> columns = new LinkedHashMap<>(COLUMNS);
    if (rows.stream().anyMatch(row -> row.replay() != null)) {
      columns.put("guesses accepted", BenchRow::replayText);
    }
    if (rows.stream().anyMatch(row -> row.parallel() != null)) {
      columns.put("sequences", row -> parallel(row, p -> String.valueOf(p.sequences())));
      columns.put(
          "prefill t/s of all", row -> parallel(row, p -> number(p.prefillTokensPerSecond())));
      columns.put(
          "decode t/s of all", row -> parallel(row, p -> number(p.decodeTokensPerSecond())));
      columns.put("decode t/s of each", row -> parallel(row, p -> number(p.eachTokensPerSecond())));
      columns.put(
          "first token while a long prompt is read, p50, p99 ms",
          row -> parallel(row, BenchRow.Parallel::firstTokenText));
    }
    if (machine) {
      columns.put("machine", row -> row.machine().text().replace(',', ';'));
    }
    List<List<String>> lines = new ArrayList<>();
    lines.add(List.copyOf(columns.keySet()));
    for (BenchRow row : rows) {
      lines.add(columns.values().stream().map(column -> column.apply(row)).toList());
    }
    return lines;
  }

  private static String parallel(BenchRow row, Function<BenchRow.Parallel, String> value) {
    return row.parallel() == null ? "–" : value.apply(row.parallel());
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }
}
