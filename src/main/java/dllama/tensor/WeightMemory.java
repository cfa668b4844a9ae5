package dllama.tensor;

import dllama.error.UserException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// Off-heap memory for weights and caches, zeroed.
///
/// On Linux large pieces come from `mmap` with huge pages asked for before the first touch; such
/// memory is committed when first written. Elsewhere, and for small pieces, the arena's own
/// allocation serves, which counts against `-XX:MaxDirectMemorySize`.
public final class WeightMemory {
  private static final long CACHE_LINE = 64;
  private static final long HUGE_PAGE = 2 << 20;

  private WeightMemory() {}

  /// Memory of `bytes` bytes that lives as long as `arena`; aligned to 64 bytes, to 2 MiB if it is
  /// that large.
  ///
  /// @throws UserException if the machine has not that much memory
  public static MemorySegment allocate(long bytes, Arena arena) {
    if (bytes >= HUGE_PAGE && Mmap.AVAILABLE) {
      return Mmap.allocate(bytes, arena);
    }
    try {
      return arena.allocate(bytes, bytes >= HUGE_PAGE ? HUGE_PAGE : CACHE_LINE);
    } catch (OutOfMemoryError e) {
      throw outOfMemory(bytes, e);
    }
  }

  private static UserException outOfMemory(long bytes, Throwable cause) {
    return new UserException(
        "no memory for %d MiB of weights; use more nodes or a smaller model".formatted(bytes >> 20),
        cause);
  }

  /// The C library's functions; the constants are those of Linux on x86-64 and aarch64.
  @SuppressWarnings("restricted") // native access is one of the flags in jvm.options
  private static final class Mmap {
    static final boolean AVAILABLE =
        System.getProperty("os.name").equals("Linux")
            && System.getProperty("os.arch").matches("amd64|x86_64|aarch64");

    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_PRIVATE_ANONYMOUS = 0x22;
    private static final int MADV_HUGEPAGE = 14;

    private static final MethodHandle MMAP =
        handle(
            "mmap",
            FunctionDescriptor.of(
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_LONG));
    private static final MethodHandle MUNMAP =
        handle(
            "munmap",
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
    private static final MethodHandle MADVISE =
        handle(
            "madvise",
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_INT));

    private static MethodHandle handle(String name, FunctionDescriptor type) {
      var linker = Linker.nativeLinker();
      return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type);
    }

    static MemorySegment allocate(long bytes, Arena arena) {
      long length = Math.addExact(bytes, HUGE_PAGE);
      long address = map(length);
      if (address == -1) {
        throw outOfMemory(bytes, new OutOfMemoryError("mmap"));
      }
      long aligned = (address + HUGE_PAGE - 1) & -HUGE_PAGE;
      adviseHugePages(aligned, bytes);
      return MemorySegment.ofAddress(aligned)
          .reinterpret(bytes, arena, ignored -> unmap(address, length));
    }

    private static long map(long length) {
      try {
        return (long) MMAP.invokeExact(0L, length, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0L);
      } catch (Throwable e) {
        throw new AssertionError(e);
      }
    }

    /// Without huge pages all works as well, a little slower, so the result does not matter.
    private static void adviseHugePages(long address, long length) {
      try {
        int ignored = (int) MADVISE.invokeExact(address, length, MADV_HUGEPAGE);
      } catch (Throwable e) {
        throw new AssertionError(e);
      }
    }

    private static void unmap(long address, long length) {
      try {
        if ((int) MUNMAP.invokeExact(address, length) != 0) {
          throw new IllegalStateException("munmap address=%x length=%d".formatted(address, length));
        }
      } catch (IllegalStateException e) {
        throw e;
      } catch (Throwable e) {
        throw new AssertionError(e);
      }
    }
  }
}
