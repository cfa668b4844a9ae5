package dllama.tensor;

import dllama.error.UserException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.OptionalLong;

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
    MemorySegment memory = allocateForNow(bytes, arena);
    useHugePages(memory);
    return memory;
  }

  /// As [#allocate], but it is left open what pages it will have: those of 4 KiB, unless
  /// [#useHugePages] is called before it is written to. Later, [#gather] makes huge ones of them.
  public static MemorySegment allocateForNow(long bytes, Arena arena) {
    if (bytes >= HUGE_PAGE && Mmap.AVAILABLE) {
      return Mmap.allocate(bytes, arena);
    }
    try {
      return arena.allocate(bytes, bytes >= HUGE_PAGE ? HUGE_PAGE : CACHE_LINE);
    } catch (OutOfMemoryError e) {
      throw outOfMemory(bytes, e);
    }
  }

  /// Asks for huge pages where nothing is written yet.
  public static void useHugePages(MemorySegment memory) {
    if (memory.byteSize() >= HUGE_PAGE && Mmap.AVAILABLE) {
      Mmap.advise(memory.address(), memory.byteSize(), Mmap.MADV_HUGEPAGE);
    }
  }

  /// Whether [#gather] works here: Linux since 6.1.
  public static boolean canGather() {
    return Mmap.AVAILABLE && Mmap.advise(0, 0, Mmap.MADV_COLLAPSE);
  }

  /// Copies a part of what was written, of at most 2 MiB, into a huge page, in its place. Others
  /// may read it meanwhile, and wait for it.
  ///
  /// @param at first byte of the part
  /// @return first byte of the next part; empty if there is none, or no huge page is free
  public static OptionalLong gather(MemorySegment memory, long at) {
    boolean done =
        at + HUGE_PAGE <= memory.byteSize()
            && Mmap.advise(memory.address() + at, HUGE_PAGE, Mmap.MADV_COLLAPSE);
    return done ? OptionalLong.of(at + HUGE_PAGE) : OptionalLong.empty();
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
    static final int MADV_HUGEPAGE = 14;
    static final int MADV_COLLAPSE = 25;

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

    /// @return whether the system does so; all works as well, a little slower, without
    static boolean advise(long address, long length, int advice) {
      try {
        return (int) MADVISE.invokeExact(address, length, advice) == 0;
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
