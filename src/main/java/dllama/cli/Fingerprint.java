package dllama.cli;

import dllama.error.UserException;
import dllama.format.ModelFile;
import dllama.model.ModelSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;

/// Names the content of a model, so that a worker knows the slice that it still has. Of a file it
/// is the digest of size, time of change and samples all over it: the whole of a large file takes
/// longer to read than its slices take to send.
final class Fingerprint {
  private static final int SAMPLES = 256;
  private static final int SAMPLE_BYTES = 4096;

  private Fingerprint() {}

  static String of(LoadedModel model) {
    ModelFile file = model.file();
    return switch (model.source()) {
      case ModelSource.Random random -> "random " + random.spec() + " " + random.seed();
      case ModelSource.Weights _ when file != null -> of(file);
      case ModelSource.Weights weights -> of(weights);
    };
  }

  /// Of weights in memory, which are few, all bytes count.
  private static String of(ModelSource.Weights source) {
    MessageDigest digest = sha256();
    source.weights().tensors().entrySet().stream()
        .sorted(Comparator.comparing(entry -> entry.getKey().toString()))
        .forEach(entry -> digest.update(entry.getValue().data().asByteBuffer()));
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String of(ModelFile file) {
    try (FileChannel channel = FileChannel.open(file.path())) {
      MessageDigest digest = sha256();
      long size = channel.size();
      ByteBuffer buffer = ByteBuffer.allocate(SAMPLE_BYTES);
      buffer.putLong(size).putLong(Files.getLastModifiedTime(file.path()).toMillis());
      digest.update(buffer.flip());
      for (int i = 0; i < SAMPLES; i++) {
        buffer.clear();
        channel.read(buffer, Math.max(0, size - SAMPLE_BYTES) / (SAMPLES - 1) * i);
        digest.update(buffer.flip());
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (IOException e) {
      throw new UserException(
          "can not read %s: %s".formatted(file.path(), UserException.reason(e)), e);
    }
  }
}
