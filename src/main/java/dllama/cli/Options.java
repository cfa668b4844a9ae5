package dllama.cli;

import static dllama.cli.OptionRow.operand;
import static dllama.cli.OptionRow.option;
import static dllama.cli.OptionRow.text;

import dllama.cli.OptionRow.Kind;
import java.util.List;
import java.util.stream.Stream;

/// The options of all commands. What values mean and which are allowed stands in `reference.conf`;
/// here are only the names and one line of help.
final class Options {
  private Options() {}

  /// For every node.
  static final List<OptionRow> NODE =
      List.of(
          text("--role", "root|worker", "role", "what this node is; default root"),
          text(
              "--host", "HOST", "host", "address to bind and announce; default: that of the route"),
          text("--port", "PORT", "port", "default 9990 on the root, any free one on a worker"),
          text("--threads", "N", "threads", "compute threads; default: the physical cores"),
          text("--cluster-key", "FILE", "cluster-key.file", "secret of all nodes; default: yours"),
          text("--join", "CODE", "cluster-key.join", "keep that key, once; - reads standard input"),
          option(Kind.SWITCH, "--insecure", "", "insecure", "do without: strangers can read along"),
          option(
              Kind.REPEATED,
              "--seed-node",
              "HOST[:PORT]",
              "seed-nodes",
              "worker: address of the root; may repeat"));

  /// For every mode of the root.
  static final List<OptionRow> ROOT =
      List.of(
          text(
              "--model",
              "PATH|NAME",
              "model",
              "root: model file (.m, .gguf) or folder (config.json, …), or a fetched model"),
          text("--tokenizer", "PATH", "tokenizer", "root: tokenizer file (.t, .gguf)"),
          text("--nodes", "N|auto", "nodes", "root: nodes wanted, itself included; default auto"),
          text(
              "--shares",
              "equal|auto|A:B:…",
              "shares",
              "root: what each node takes of the model; auto: as they are fast; default equal"),
          text(
              "--form-timeout",
              "TIME",
              "form-timeout",
              "root: an automatic cluster forms when nobody has come for so long; default 5s"),
          text("--arch", "NAME", "arch", "root: architecture, whatever the model file says"),
          text(
              "--weights-float-type",
              "TYPE",
              "weights-float-type",
              "f32, f16, q40 or q80, where the model file is silent"),
          text(
              "--buffer-float-type",
              "TYPE",
              "buffer-float-type",
              "root: q80 or f32, precision of exchanged partials"),
          text(
              "--collective",
              "NAME",
              "sync.collective",
              "root: direct, reduce-scatter or reduce-scatter-q80 (rounds sums); default auto"),
          text(
              "--overlap",
              "auto|on|off",
              "sync.overlap",
              "root: compute one half of a prompt's batch while the other's partials travel"),
          text("--kv-float-type", "TYPE", "kv-float-type", "root: f16 or f32, key/value cache"),
          text("--kv-memory", "SIZE", "kv-memory", "root: for the caches of all answers, per node"),
          text("--max-seq-len", "N", "max-seq-len", "root: context; default the model's, ≤ 4096"),
          text("--temperature", "T", "sampler.temperature", "root: default 0.8; 0 is greedy"),
          text("--topp", "P", "sampler.topp", "root: default 0.9"),
          text("--top-k", "K", "sampler.top-k", "root: draw from the K likeliest; default 0, any"),
          text(
              "--min-p", "P", "sampler.min-p", "root: none P times less likely than the likeliest"),
          text("--repeat-penalty", "X", "sampler.repeat-penalty", "root: default 1, none"),
          text("--repeat-last", "N", "sampler.repeat-last", "root: of so many tokens; default 64"),
          text("--presence-penalty", "X", "sampler.presence-penalty", "root: default 0, none"),
          text("--frequency-penalty", "X", "sampler.frequency-penalty", "root: default 0, none"),
          text("--seed", "N", "sampler.seed", "root: start of the random sequence"),
          text(
              "--prompt-lookup",
              "auto|on|off",
              "prompt-lookup",
              "root: guess tokens from the text so far; temperature 0 only"),
          text("--system", "TEXT", "chat.system", "root: system prompt of the chat"),
          text(
              "--chat-template",
              "NAME|FILE",
              "chat.template",
              "root: llama2, llama3, deepSeek3, chatml or a Jinja FILE; default: the model's"));

  static final List<OptionRow> API =
      List.of(
          text("--api-host", "HOST", "api.host", "address to bind; default 127.0.0.1"),
          text("--api-port", "PORT", "api.port", "default 9980"),
          option(Kind.REPEATED, "--api-key", "KEY", "api.key", "what requests need; may repeat"),
          option(Kind.SWITCH, "--api-open", "", "api.open", "let everybody in without a key"),
          option(
              Kind.REPEATED,
              "--api-origin",
              "ORIGIN",
              "api.origins",
              "web page that may use it, or * for all; may repeat"),
          text("--api-parallel", "N", "api.parallel", "answers computed at once; default 8"));

  static final List<OptionRow> CHAT =
      Stream.concat(
              Stream.of(
                  text("--connect", "URL", "chat.connect", "chat with the root that serves there"),
                  option(Kind.SWITCH, "--quiet", "", "chat.quiet", "only answers and errors"),
                  option(Kind.SWITCH, "--resume", "", "chat.resume", "go on with the last chat"),
                  option(Kind.SWITCH, "--api", "", "api.beside-chat", "serve over HTTP, too")),
              API.stream())
          .toList();

  static final List<OptionRow> INFERENCE =
      List.of(
          text(
              "--prompt", "TEXT", "inference.prompt", "text to go on from; - reads standard input"),
          text("--prompt-file", "FILE", "inference.prompt-file", "the same from a file"),
          text("--steps", "N", "inference.steps", "tokens to generate; default 64"),
          option(
              Kind.SWITCH, "--ignore-eos", "", "inference.ignore-eos", "go on after an end token"),
          text("--output", "text|json", "output", "json: one document on standard output"));

  static final List<OptionRow> LOGITS =
      List.of(
          option(
              Kind.COMMAS, "--tokens", "1,2,3", "logits.tokens", "ids to feed from position 0 on"),
          text("--out", "FILE", "logits.out", "for float32 rows [tokens, vocab]"));

  static final List<OptionRow> PERPLEXITY =
      List.of(
          text("--file", "TEXT", "perplexity.file", "UTF-8 text to foretell"),
          text("--context", "N", "perplexity.context", "tokens of a window; default ≤ 512"),
          text("--output", "text|json", "output", "json: one document on standard output"));

  static final List<OptionRow> INSPECT =
      List.of(
          operand("FILE|NAME", "inspect.file", "model or tokenizer file, or a fetched model"),
          option(Kind.SWITCH, "--tensors", "", "inspect.tensors", "list every tensor"),
          text("--kv-float-type", "TYPE", "kv-float-type", "f16 or f32, key/value cache"),
          text("--max-seq-len", "N", "max-seq-len", "context; default the model's, ≤ 4096"),
          text("--output", "text|json", "output", "json: one document on standard output"));

  static final List<OptionRow> BENCH =
      List.of(
          text("--shape", "NAME", "bench.shape", "random weights, no model file; qwen3-8b, …"),
          text(
              "--layers",
              "N",
              "bench.layers",
              "layers of the shape; default: all, or extrapolated"),
          option(Kind.COMMAS, "--prefill", "32,512", "bench.prefill", "prompt lengths; default 32"),
          text("--decode", "N", "bench.decode", "tokens to generate; default 64"),
          text("--repeat", "N", "bench.repeat", "runs per row; default 3"),
          option(
              Kind.COMMAS,
              "--parallel",
              "1,2,4,8",
              "bench.parallel",
              "rows with so many sequences at once"),
          option(
              Kind.COMMAS,
              "--replay-acceptance",
              "0,50,90",
              "bench.replay-acceptance",
              "rows with tokens guessed ahead of which so many percent hold"),
          text("--output", "md|csv|json", "output", "form of the table"));

  static final List<OptionRow> PLAN =
      List.of(
          text(
              "--model",
              "PATH|NAME",
              "model",
              "model file, or a fetched model; default: that in the jar"),
          text("--shape", "NAME", "plan.shape", "no model file, but qwen3-8b, llama3-70b, …"),
          text("--nodes", "N|auto", "nodes", "default auto: every count that can be used"),
          text("--shares", "A:B:…", "shares", "what each node takes of the model; default equal"),
          text("--device", "NAME", "plan.device", "what the nodes are; see conf/devices.conf"),
          text("--devices", "FILE", "plan.devices", "more devices and links"),
          option(
              Kind.SWITCH, "--measure", "", "plan.measure", "they are like this machine: time it"),
          text(
              "--link",
              "NAME|RATE",
              "plan.link",
              "1G, wifi5, … or bits/s such as 300M; default 1G"),
          text("--threads", "N", "threads", "compute threads of a node; default: its cores"),
          text("--prompt-tokens", "N", "plan.prompt-tokens", "default 32"),
          text("--kv-memory", "SIZE", "kv-memory", "root: for the caches of all answers, per node"),
          text("--max-seq-len", "N", "max-seq-len", "context; default the model's, ≤ 4096"),
          text("--arch", "NAME", "arch", "architecture, whatever the model file says"),
          text(
              "--weights-float-type",
              "TYPE",
              "weights-float-type",
              "f32, f16, q40 or q80, where the model file is silent; of a shape: q40"),
          text("--buffer-float-type", "TYPE", "buffer-float-type", "q80 or f32, partials"),
          text("--kv-float-type", "TYPE", "kv-float-type", "f16 or f32, key/value cache"),
          text("--output", "text|json", "output", "json: one document on standard output"));

  static final List<OptionRow> SYNTH =
      List.of(
          text("--shape", "NAME", "synth.shape", "default tiny"),
          text("--layers", "N", "synth.layers", "default: as the shape has"),
          text(
              "--weights-float-type",
              "TYPE",
              "weights-float-type",
              "f32, f16, q40 or q80; for .gguf any, q4_k_m or mxfp4_moe; default q40"),
          text("--seed", "N", "synth.seed", "default 1"),
          text("--out", "FILE", "synth.out", "model file to write (.m, or .gguf for llama.cpp)"),
          text("--tokenizer", "FILE", "tokenizer", "tokenizer file to write (.t)"));

  static final List<OptionRow> CONVERT =
      List.of(
          operand(
              "IN",
              "convert.in",
              "model file or folder (Hugging Face's, Meta's), or fetched model"),
          option(Kind.OPTIONAL_OPERAND, "OUT", "OUT", "convert.out", "file to write (.m, .gguf)"),
          text("--out", "OUT", "convert.out", "the same"),
          text(
              "--tokenizer",
              "FILE",
              "convert.tokenizer",
              "to write beside a .m, default OUT with .t; for a .gguf: to read"),
          text(
              "--weights-float-type",
              "TYPE",
              "weights-float-type",
              "f32, f16, q40 or q80; default q40"));

  static final List<OptionRow> TOKENIZE =
      List.of(
          text("--tokenizer", "PATH", "tokenizer", "tokenizer file (.t, .gguf)"),
          text("--model", "PATH", "model", "model file that has a tokenizer in it"),
          text("--messages", "FILE", "tokenize.messages", "JSON of a chat, to be rendered"),
          text(
              "--template",
              "FILE",
              "tokenize.template",
              "its Jinja template; default: the model's"),
          text("--text", "TEXT", "tokenize.text", "what to encode"),
          text("--hex", "BYTES", "tokenize.hex", "the same as hexadecimal bytes"),
          text("--file", "PATH", "tokenize.file", "texts, a JSON string per line; ids per line"),
          text("--output", "text|json", "output", "json: one document on standard output"));

  static final List<OptionRow> CLUSTER_KEY =
      List.of(
          text("--cluster-key", "FILE", "cluster-key.file", "file of the key; default: yours"),
          text("--join", "CODE", "cluster-key.join", "keep that key; - reads standard input"),
          text("--rotate", "add|use|drop", "cluster-key.rotate", "a step to another key"));

  static final List<OptionRow> FETCH =
      List.of(
          operand(
              "NAME|ORG/REPO[:QUANT]|URL", "fetch.name", "what to get; models --all lists names"),
          text("--hub", "URL", "fetch.hub", "default https://huggingface.co; token in HF_TOKEN"),
          text("--connections", "N", "fetch.connections", "at once; default 4"),
          option(Kind.SWITCH, "--run", "", "fetch.run", "chat with it afterwards"));

  static final List<OptionRow> MODELS =
      List.of(
          option(Kind.SWITCH, "--all", "", "models.all", "and those that can be fetched by name"),
          text("--output", "text|json", "output", "json: one document on standard output"));

  static final List<OptionRow> RM =
      List.of(
          operand("NAME", "rm.name", "fetched model"),
          option(Kind.SWITCH, "--yes", "", "rm.yes", "do not ask"));
}
