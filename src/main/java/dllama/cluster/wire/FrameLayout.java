package dllama.cluster.wire;

/// Where the fields of [TensorFrame]s are, in bytes from the beginning of a frame or of the part
/// that a class is named for. All integers and floats are little-endian. What they mean is in
/// docs/PROTOCOL.md, "Tensor frames".
final class FrameLayout {
  private FrameLayout() {}

  /// `I`: the input of a step. Behind the header: number of copies, [OfCopy] each, number of runs,
  /// [OfRun] each, rows.
  static final class OfInput {
    static final int EPOCH = 0;
    static final int STEP = EPOCH + Long.BYTES;
    static final int SCATTERS = STEP + Long.BYTES;
    static final int HEADER_BYTES = SCATTERS + Byte.BYTES;

    private OfInput() {}
  }

  /// A page that is copied before a step.
  static final class OfCopy {
    static final int FROM = 0;
    static final int TO = FROM + Integer.BYTES;

    /// Windows; −1 where nothing slides.
    static final int FROM_WINDOW = TO + Integer.BYTES;

    static final int TO_WINDOW = FROM_WINDOW + Integer.BYTES;
    static final int BYTES = TO_WINDOW + Integer.BYTES;

    private OfCopy() {}
  }

  /// A run of a step. Behind it: tokens that are given in what is wanted, ids of its pages and of
  /// its windows, int32 each, and its adjustments, [OfAdjustment] each.
  static final class OfRun {
    static final int PAGES = 0;
    static final int WINDOWS = PAGES + Integer.BYTES;
    static final int POSITION = WINDOWS + Integer.BYTES;
    static final int ROWS = POSITION + Integer.BYTES;

    /// How many adjustments there are.
    static final int ADJUSTMENTS = ROWS + Integer.BYTES;

    /// Places of the state before the rows and after them.
    static final int STATE_FROM = ADJUSTMENTS + Integer.BYTES;

    static final int STATE_TO = STATE_FROM + Integer.BYTES;

    /// What is wanted of its logits: a kind, int8, and its argument, 4 bytes.
    static final int WANTED = STATE_TO + Integer.BYTES;

    static final int HEADER_BYTES = WANTED + LogitsCodec.WANTED_BYTES;

    private OfRun() {}
  }

  /// What one logit becomes.
  static final class OfAdjustment {
    static final int TOKEN = 0;
    static final int FACTOR = TOKEN + Integer.BYTES;
    static final int ADDEND = FACTOR + Float.BYTES;
    static final int BYTES = ADDEND + Float.BYTES;

    private OfAdjustment() {}
  }

  /// `P`: what one rank sends to another in a round. Behind the header: values.
  static final class OfPartial {
    static final int EPOCH = 0;
    static final int ROUND = EPOCH + Long.BYTES;
    static final int RANK = ROUND + Long.BYTES;
    static final int HEADER_BYTES = RANK + Integer.BYTES;

    private OfPartial() {}
  }

  /// `L`: what a rank tells of its logits. Behind the header: a kind, int8, and what that says.
  static final class OfLogits {
    static final int EPOCH = 0;
    static final int STEP = EPOCH + Long.BYTES;
    static final int RANK = STEP + Long.BYTES;
    static final int RUN = RANK + Integer.BYTES;
    static final int HEADER_BYTES = RUN + Integer.BYTES;

    private OfLogits() {}
  }

  /// `Q`: a question about logits. Behind the header: a kind, int8, and what that says.
  static final class OfQuestion {
    static final int EPOCH = 0;
    static final int STEP = EPOCH + Long.BYTES;
    static final int RUN = STEP + Long.BYTES;
    static final int HEADER_BYTES = RUN + Integer.BYTES;

    private OfQuestion() {}
  }

  /// `W`: a piece of a slice. Behind the header: its bytes.
  static final class OfWeights {
    static final int EPOCH = 0;
    static final int OFFSET = EPOCH + Long.BYTES;
    static final int HEADER_BYTES = OFFSET + Long.BYTES;

    private OfWeights() {}
  }
}
