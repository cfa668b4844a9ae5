package dllama.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dllama.error.UserException;
import dllama.files.OutputFile;
import dllama.files.PrivateFolder;
import dllama.files.RegularFile;
import dllama.tokenizer.ChatTemplate.Message;
import dllama.tokenizer.ChatTemplate.Role;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Conversations that are kept in a folder, a JSON file each, which their owner alone may read: an
/// object with `messages`, each of which has a `role` and a `content`.
final class SavedChats {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");
  private static final String SUFFIX = ".json";
  private static final String LOAD = "/load";

  /// @param written in milliseconds, of the file system's clock
  private record Aged(String name, long written) {}

  private final Path folder;

  /// @param folder made when something is saved
  SavedChats(Path folder) {
    this.folder = folder;
  }

  /// Keeps a conversation; what has the name is replaced.
  ///
  /// @throws UserException if that can not be
  void save(String name, List<Message> conversation) {
    Path file = file(name);
    List<Map<String, String>> messages =
        conversation.stream()
            .map(message -> Map.of("role", message.role().code(), "content", message.text()))
            .toList();
    ByteBuffer bytes =
        StandardCharsets.UTF_8.encode(Json.pretty(Map.of("messages", messages)) + "\n");
    PrivateFolder.close(folder);
    try (OutputFile out = OutputFile.createPrivate(file, bytes.remaining())) {
      out.write(bytes);
      out.finish();
    }
  }

  /// A conversation that was kept: a system prompt or none, questions and answers in turn.
  ///
  /// @throws UserException if there is none of the name, or the file holds something else
  List<Message> load(String name) {
    Path file = file(name);
    if (!Files.exists(file)) {
      throw new UserException("no conversation is saved as %s; /load lists them".formatted(name));
    }
    try {
      JsonNode messages = Json.tree(RegularFile.text(file, LOAD)).path("messages");
      List<Message> conversation = new ArrayList<>();
      for (JsonNode message : messages) {
        conversation.add(message(message, conversation, file));
      }
      if (conversation.isEmpty() || conversation.getLast().role() == Role.USER) {
        throw broken(file, "it does not end with an answer");
      }
      return conversation;
    } catch (JsonProcessingException e) {
      throw broken(file, e.getOriginalMessage());
    }
  }

  private static Message message(JsonNode node, List<Message> before, Path file) {
    String name = node.path("role").asText();
    boolean begun = !before.isEmpty() && before.getLast().role() != Role.ASSISTANT;
    Role role =
        switch (name) {
          case "system" -> Role.SYSTEM;
          case "user" -> Role.USER;
          case "assistant" -> Role.ASSISTANT;
          default -> throw broken(file, "role \"%s\" is none of a chat".formatted(name));
        };
    boolean inTurn =
        switch (role) {
          case SYSTEM -> before.isEmpty();
          case USER -> !begun || before.getLast().role() == Role.SYSTEM;
          case ASSISTANT -> begun && before.getLast().role() == Role.USER;
        };
    if (!inTurn || !node.path("content").isTextual()) {
      throw broken(file, "message %d is not what comes next in a chat".formatted(before.size()));
    }
    return new Message(role, node.path("content").textValue());
  }

  private static UserException broken(Path file, String why) {
    return new UserException("%s holds no conversation: %s".formatted(file, why));
  }

  /// What there is, by name.
  List<String> names() {
    return byAge().stream().sorted().toList();
  }

  /// The one that was written last.
  Optional<String> latest() {
    List<String> all = byAge();
    return all.isEmpty() ? Optional.empty() : Optional.of(all.getLast());
  }

  /// Of those whose names begin so, only the latest stay.
  void trim(String prefix, int most) {
    List<String> all = byAge().stream().filter(name -> name.startsWith(prefix)).toList();
    try {
      for (String name : all.subList(0, Math.max(0, all.size() - most))) {
        Files.deleteIfExists(file(name));
      }
    } catch (IOException e) {
      throw new UserException(
          "%s can not be tidied up (%s)".formatted(folder, UserException.reason(e)), e);
    }
  }

  /// What there is, the one that was written last at the end.
  private List<String> byAge() {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> String.valueOf(file.getFileName()))
          .filter(name -> name.endsWith(SUFFIX))
          .map(name -> name.substring(0, name.length() - SUFFIX.length()))
          .filter(name -> NAME.matcher(name).matches())
          .map(name -> new Aged(name, folder.resolve(name + SUFFIX).toFile().lastModified()))
          .sorted(Comparator.comparingLong(Aged::written).thenComparing(Aged::name))
          .map(Aged::name)
          .toList();
    } catch (IOException e) {
      throw new UserException(
          "%s can not be read (%s)".formatted(folder, UserException.reason(e)), e);
    }
  }

  private Path file(String name) {
    if (!NAME.matcher(name).matches()) {
      throw new UserException(
          "%s is no name for a conversation: letters, digits, . _ and -, at most 64"
              .formatted(name));
    }
    return folder.resolve(name + SUFFIX);
  }
}
