package dllama.format.meta;

import dllama.error.UserException;
import dllama.files.RegularFile;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// `tokenizer.model` beside Meta's checkpoints: of Llama 3 a list of pieces, of Llama 2 a file of
/// SentencePiece. Templates of chats are not in them; those here are distributed-llama's.
public final class MetaTokenizer {
  private static final String NAME = "tokenizer.model";

  private static final String LLAMA2 =
      "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}"
          + "{% set system_message = messages[0]['content'] %}{% else %}"
          + "{% set loop_messages = messages %}{% set system_message = false %}{% endif %}"
          + "{% for message in loop_messages %}"
          + "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
          + "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}"
          + "{% endif %}{% if loop.index0 == 0 and system_message != false %}"
          + "{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}"
          + "{% else %}{% set content = message['content'] %}{% endif %}"
          + "{% if message['role'] == 'user' %}"
          + "{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}"
          + "{% elif message['role'] == 'assistant' %}"
          + "{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}";

  private static final String LLAMA3 =
      "{% set loop_messages = messages %}{% for message in loop_messages %}"
          + "{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'"
          + "+ message['content'] | trim + '<|eot_id|>' %}"
          + "{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}"
          + "{{ content }}{% endfor %}{% if add_generation_prompt %}"
          + "{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}";

  private MetaTokenizer() {}

  /// The tokenizer in a folder, if it has one.
  ///
  /// @param ofMeta whether the model is Meta's, whose chat template is known
  /// @throws UserException for a file that is damaged, or of another kind
  public static Optional<Vocabulary> in(Path folder, boolean ofMeta) {
    Path path = folder.resolve(NAME);
    return Files.exists(path) ? Optional.of(read(path, ofMeta)) : Optional.empty();
  }

  private static Vocabulary read(Path path, boolean ofMeta) {
    if (!SentencePieceFile.is(path)) {
      return llama3(RegularFile.text(path, "tokenizer"), path);
    }
    SentencePieceFile file = SentencePieceFile.read(path);
    return new Vocabulary(
        file.pieces(), file.scores(), file.bosId(), file.eosIds(), true, ofMeta ? LLAMA2 : null);
  }

  private static Vocabulary llama3(String text, Path path) {
    Tiktoken list = Tiktoken.read(text, path);
    int bos = list.firstSpecial();
    return new Vocabulary(
        list.pieces(), list.scores(), bos, List.of(bos + 1, bos + 9), true, LLAMA3);
  }
}
