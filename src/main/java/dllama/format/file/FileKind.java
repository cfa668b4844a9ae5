package dllama.format.file;

import dllama.error.UserException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// What a file is by its first bytes: people give what they have.
public enum FileKind {
  GGUF("a GGUF file, a model") {
    @Override
    boolean is(String start) {
      return start.startsWith("GGUF");
    }
  },

  /// Length of the JSON header in eight bytes, then the header.
  SAFETENSORS("a safetensors file: give the folder that it is in as --model") {
    @Override
    boolean is(String start) {
      return start.length() > 9 && start.startsWith("\0\0", 6) && start.startsWith("{\"", 8);
    }
  },

  GGML("a GGML file of an old llama.cpp, which is not supported") {
    @Override
    boolean is(String start) {
      return start.startsWith("lmgg") || start.startsWith("tjgg") || start.startsWith("fmgg");
    }
  },

  DLLAMA_MODEL("a .m file, a model") {
    @Override
    boolean is(String start) {
      return start.startsWith("\u00CD\u00AB\0\n") || start.matches("(?s)[\0\1]\u00CD\u00AB\0.*");
    }
  },

  DLLAMA_TOKENIZER("a .t file, a tokenizer") {
    @Override
    boolean is(String start) {
      return start.matches("(?s)[#$]qV\0.*");
    }
  },

  ZIP("a ZIP archive, as PyTorch writes (of Meta's consolidated.*.pth convert takes the folder)") {
    @Override
    boolean is(String start) {
      return start.startsWith("PK\3\4");
    }
  },

  COMPRESSED("compressed: unpack it") {
    @Override
    boolean is(String start) {
      return start.startsWith("\u001f\u008b")
          || start.startsWith("BZh")
          || start.startsWith("\u00fd7zXZ")
          || start.startsWith("(\u00b5/\u00fd");
    }
  },

  PROGRAM("a program") {
    @Override
    boolean is(String start) {
      return start.startsWith("\u007fELF") || start.startsWith("MZ") || start.startsWith("#!");
    }
  },

  LFS_POINTER("a pointer of Git LFS, not the file itself: run git lfs pull") {
    @Override
    boolean is(String start) {
      return start.startsWith("version https://git-lfs");
    }
  },

  HTML("a web page: a download went wrong, or needs a login") {
    @Override
    boolean is(String start) {
      return start.matches("(?is)\\s*<(!doctype|html|head|\\?xml).*");
    }
  },

  JSON("a JSON file") {
    @Override
    boolean is(String start) {
      return start.matches("(?s)\\s*[{\\[]\\s*[\"{\\[\\]}\\d-].*");
    }
  },

  EMPTY("full of zeros: a copy or download was not finished") {
    @Override
    boolean is(String start) {
      return start.matches("\0+");
    }
  };

  private static final int BYTES = 256;

  private final String what;

  FileKind(String what) {
    this.what = what;
  }

  /// What it is, for the user, such as "a program".
  public String what() {
    return what;
  }

  /// Whether a file begins so; a character a byte.
  abstract boolean is(String start);

  /// The kind of a file, if it can be told.
  public static Optional<FileKind> of(InputFile file) {
    return of(start(file));
  }

  private static String start(InputFile file) {
    return StandardCharsets.ISO_8859_1.decode(file.read(0, BYTES)).toString();
  }

  static Optional<FileKind> of(String start) {
    for (FileKind kind : values()) {
      if (kind.is(start)) {
        return Optional.of(kind);
      }
    }
    return Optional.empty();
  }

  /// Says what the file is, if that can be told.
  ///
  /// @param wanted ending of what it should be, such as ".m"
  public static UserException refused(InputFile file, String wanted) {
    if (file.size() < Integer.BYTES) {
      return file.damaged("it has only %d bytes".formatted(file.size()));
    }
    int magic = file.read(0, Integer.BYTES).getInt();
    return file.refused(
        of(file)
            .map(kind -> "it is " + kind.what)
            .orElseGet(
                () -> "magic number 0x%08X is not that of a %s file".formatted(magic, wanted)),
        "name a %s file made by the converter".formatted(wanted));
  }
}
