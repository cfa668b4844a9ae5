package dllama.session;

import dllama.error.UserException;
import dllama.model.ModelSource;
import dllama.model.NotFinite;
import dllama.slice.Digest;
import dllama.slice.SliceCache;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Names the content of a model, so that nodes know the slices that they still have.
///
/// Where slices are kept in a folder the name is made of every byte of the file, by a tree of
/// SHA-256: two files with one name are the same. The file is read for that once, by all cores, and
/// the name is noted in the cache folder next to what identifies the file ([FileIdentity]). Where
/// nothing is kept it is made of samples, which do for as long as the process lives.
///
/// @param text the name
/// @param whole whether it is of the whole content, and slices are worth keeping
record Fingerprint(String text, boolean whole) {
  private static final int SAMPLES = 256;
  private static final int SAMPLE_BYTES = 4096;

  /// A leaf of the tree; its size is part of what the name means.
  private static final long LEAF_BYTES = 16 << 20;

  private static final int BUFFER_BYTES = 1 << 20;
  private static final String SHA_256 = "[0-9a-f]{64}";

  /// The fingerprint of a model. Weights that are made up, and the few built-in ones, are not kept:
  /// to make or send them is as quick.
  ///
  /// @param progress is told, on any thread, bytes read and bytes in all
  /// @throws UserException if the file can not be read, or has a weight that is no number: that is
  ///     looked for where the content is not known yet
  static Fingerprint of(LoadedModel model, SliceCache cache, BiConsumer<Long, Long> progress) {
    List<Path> files = model.file() == null ? List.of() : model.file().paths();
    return switch (model.source()) {
      case ModelSource.Random random ->
          new Fingerprint("random " + Digest.of(random.spec() + " " + random.seed()), false);
      case ModelSource.Weights weights when files.isEmpty() -> new Fingerprint(of(weights), false);
      case ModelSource.Weights weights ->
          of(files, cache, progress, () -> NotFinite.check(weights));
    };
  }

  /// Of weights in memory, which are few, all bytes count.
  private static String of(ModelSource.Weights source) {
    MessageDigest digest = Digest.sha256();
    source.weights().tensors().entrySet().stream()
        .sorted(Comparator.comparing(entry -> entry.getKey().toString()))
        .forEach(entry -> digest.update(entry.getValue().data().asByteBuffer()));
    return Digest.hex(digest);
  }

  /// Of a model in one file, that of the file; of one in several, that of all of theirs.
  static Fingerprint of(
      List<Path> files, SliceCache cache, BiConsumer<Long, Long> progress, Runnable firstTime) {
    if (files.size() == 1) {
      return of(files.getFirst(), cache, progress, firstTime);
    }
    AtomicBoolean done = new AtomicBoolean();
    Runnable once =
        () -> {
          if (done.compareAndSet(false, true)) {
            firstTime.run(); // before anything is noted
          }
        };
    List<Fingerprint> each = files.stream().map(file -> of(file, cache, progress, once)).toList();
    String all = each.stream().map(Fingerprint::text).collect(Collectors.joining("\n"));
    return new Fingerprint(Digest.of(all), each.stream().allMatch(Fingerprint::whole));
  }

  private static Fingerprint of(
      Path path, SliceCache cache, BiConsumer<Long, Long> progress, Runnable firstTime) {
    try (FileChannel file = FileChannel.open(path)) {
      FileIdentity identity = FileIdentity.of(path);
      if (!cache.isOn()) {
        firstTime.run();
        return new Fingerprint(samples(file, identity), false);
      }
      Optional<String> noted = cache.noted(identity.text()).filter(text -> text.matches(SHA_256));
      if (noted.isPresent()) {
        return new Fingerprint(noted.get(), true);
      }
      String content = content(file, progress);
      firstTime.run();
      if (identity.isSettled() && identity.equals(FileIdentity.of(path))) {
        cache.note(identity.text(), content);
      }
      return new Fingerprint(content, true);
    } catch (UncheckedIOException e) {
      throw unreadable(path, Objects.requireNonNull(e.getCause()));
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  private static UserException unreadable(Path path, IOException e) {
    return new UserException("can not read %s: %s".formatted(path, UserException.reason(e)), e);
  }

  /// SHA-256 of the length and the SHA-256 of each [#LEAF_BYTES].
  private static String content(FileChannel file, BiConsumer<Long, Long> progress)
      throws IOException {
    long size = file.size();
    AtomicLong done = new AtomicLong();
    MessageDigest root = Digest.sha256();
    root.update(ByteBuffer.allocate(Long.BYTES).putLong(size).flip());
    IntStream.range(0, Math.toIntExact(Math.ceilDiv(size, LEAF_BYTES)))
        .parallel()
        .mapToObj(
            index -> {
              long from = index * LEAF_BYTES;
              long to = Math.min(from + LEAF_BYTES, size);
              byte[] leaf = leaf(file, from, to);
              progress.accept(done.addAndGet(to - from), size);
              return leaf;
            })
        .forEachOrdered(root::update);
    return Digest.hex(root);
  }

  private static byte[] leaf(FileChannel file, long from, long to) {
    MessageDigest digest = Digest.sha256();
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
    try {
      for (long at = from; at < to; ) {
        buffer.clear().limit((int) Math.min(BUFFER_BYTES, to - at));
        int count = file.read(buffer, at);
        if (count < 0) {
          throw new IOException("it was shortened while it was read");
        }
        digest.update(buffer.flip());
        at += count;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return digest.digest();
  }

  private static String samples(FileChannel file, FileIdentity identity) throws IOException {
    MessageDigest digest = Digest.sha256();
    digest.update(HexFormat.of().parseHex(Digest.of(identity.text())));
    ByteBuffer buffer = ByteBuffer.allocate(SAMPLE_BYTES);
    for (int i = 0; i < SAMPLES; i++) {
      buffer.clear();
      file.read(buffer, Math.max(0, file.size() - SAMPLE_BYTES) / (SAMPLES - 1) * i);
      digest.update(buffer.flip());
    }
    return "samples " + Digest.hex(digest);
  }
}
