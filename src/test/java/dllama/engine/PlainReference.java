package dllama.engine;

import dllama.model.Architecture.RopeStyle;
import dllama.model.Architecture.Trait;
import dllama.model.ModelSpec;
import dllama.model.ModelWeights;
import dllama.model.TensorRole;
import dllama.tensor.DType;
import dllama.tensor.Matrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/// The forward pass of dense models as papers write it down, in double precision,
/// one token at a time: what [ShardEngine] is compared with where no other program has run a model.
/// Shares no arithmetic with it.
final class PlainReference {
  private final ModelSpec spec;
  private final ModelWeights weights;

  /// Keys and values of every layer and position.
  private final List<List<double[]>> keys = new ArrayList<>();

  private final List<List<double[]>> values = new ArrayList<>();

  private double[] state = {};

  PlainReference(ModelSpec spec, ModelWeights weights) {
    if (spec.architecture().has(Trait.EXPERTS)) {
      throw new IllegalArgumentException(spec.toString());
    }
    this.spec = spec;
    this.weights = weights;
    for (int layer = 0; layer < spec.layers(); layer++) {
      keys.add(new ArrayList<>());
      values.add(new ArrayList<>());
    }
  }

  /// Tokens so far.
  int length() {
    return keys.getFirst().size();
  }

  /// What the latest token has come to, after the final norm.
  double[] state() {
    return state;
  }

  /// Logits after the next token.
  double[] next(int token) {
    double[] x = row(weights.get(TensorRole.EMBEDDING), token);
    for (int layer = 0; layer < spec.layers(); layer++) {
      add(x, attention(x, layer));
      double[] normed = norm(x, vector(TensorRole.FFN_NORM, layer));
      double[] gate = product(TensorRole.W1, layer, normed);
      double[] up = product(TensorRole.W3, layer, normed);
      for (int i = 0; i < gate.length; i++) {
        gate[i] = gate[i] / (1 + Math.exp(-gate[i])) * up[i];
      }
      add(x, product(TensorRole.W2, layer, gate));
    }
    state = norm(x, vector(TensorRole.FINAL_NORM, 0));
    return product(TensorRole.WCLS, 0, state);
  }

  private double[] attention(double[] x, int layer) {
    double[] normed = norm(x, vector(TensorRole.ATTENTION_NORM, layer));
    double[] q = product(TensorRole.WQ, layer, normed);
    double[] k = product(TensorRole.WK, layer, normed);
    double[] v = product(TensorRole.WV, layer, normed);
    if (spec.architecture().has(Trait.ATTENTION_BIAS)) {
      add(q, vector(TensorRole.QUERY_BIAS, layer));
      add(k, vector(TensorRole.KEY_BIAS, layer));
      add(v, vector(TensorRole.VALUE_BIAS, layer));
    }
    int position = keys.get(layer).size();
    prepare(q, TensorRole.QUERY_NORM, layer, position);
    prepare(k, TensorRole.KEY_NORM, layer, position);
    keys.get(layer).add(k);
    values.get(layer).add(v);
    double[] attended = new double[q.length];
    for (int head = 0; head < spec.heads(); head++) {
      attend(q, head, layer, attended);
    }
    double[] out = product(TensorRole.WO, layer, attended);
    if (spec.architecture().has(Trait.ATTENTION_OUTPUT_BIAS)) {
      add(out, vector(TensorRole.ATTENTION_OUTPUT_BIAS, layer));
    }
    return out;
  }

  /// Norms every head, where there is such a norm, and rotates it.
  private void prepare(double[] heads, TensorRole normRole, int layer, int position) {
    int size = spec.headDim();
    for (int at = 0; at < heads.length; at += size) {
      double[] head = new double[size];
      System.arraycopy(heads, at, head, 0, size);
      if (spec.architecture().has(Trait.HEAD_NORMS)) {
        head = norm(head, vector(normRole, layer));
      }
      boolean halfSplit = spec.architecture().rope() == RopeStyle.HALF_SPLIT;
      for (int pair = 0; pair < size / 2; pair++) {
        int first = halfSplit ? pair : 2 * pair;
        int second = halfSplit ? pair + size / 2 : 2 * pair + 1;
        double angle = position / Math.pow(spec.rope().theta(), 2.0 * pair / size);
        heads[at + first] = head[first] * Math.cos(angle) - head[second] * Math.sin(angle);
        heads[at + second] = head[first] * Math.sin(angle) + head[second] * Math.cos(angle);
      }
    }
  }

  private void attend(double[] q, int head, int layer, double[] attended) {
    int size = spec.headDim();
    int kvAt = head / (spec.heads() / spec.kvHeads()) * size;
    int length = keys.get(layer).size();
    double[] shares = new double[length];
    double sum = 0;
    for (int t = 0; t < length; t++) {
      double score = 0;
      for (int i = 0; i < size; i++) {
        score += q[head * size + i] * keys.get(layer).get(t)[kvAt + i];
      }
      shares[t] = Math.exp(score / Math.sqrt(size));
      sum += shares[t];
    }
    for (int t = 0; t < length; t++) {
      for (int i = 0; i < size; i++) {
        attended[head * size + i] += shares[t] / sum * values.get(layer).get(t)[kvAt + i];
      }
    }
  }

  private double[] norm(double[] x, double[] factors) {
    double squares = 0;
    for (double value : x) {
      squares += value * value;
    }
    double scale = 1 / Math.sqrt(squares / x.length + spec.rmsEpsilon());
    double[] normed = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      normed[i] = x[i] * scale * factors[i];
    }
    return normed;
  }

  private double[] product(TensorRole role, int layer, double[] x) {
    Matrix matrix = weights.get(role, layer);
    double[] out = new double[(int) matrix.rows()];
    for (int row = 0; row < out.length; row++) {
      double[] factors = row(matrix, row);
      for (int i = 0; i < x.length; i++) {
        out[row] += factors[i] * x[i];
      }
    }
    return out;
  }

  private double[] vector(TensorRole role, int layer) {
    return row(weights.get(role, layer), 0);
  }

  static double[] row(Matrix matrix, long row) {
    double[] values = new double[(int) matrix.cols()];
    for (int i = 0; i < values.length; i++) {
      values[i] = value(matrix, row * matrix.cols() + i);
    }
    return values;
  }

  /// From the file's format.
  private static double value(Matrix matrix, long index) {
    MemorySegment data = matrix.data();
    long block = index / 32 * matrix.dtype().blockBytes();
    int at = (int) (index % 32);
    return switch (matrix.dtype().name()) {
      case "F32" -> data.get(ValueLayout.JAVA_FLOAT_UNALIGNED, index * Float.BYTES);
      case "F16" -> half(data, index * Short.BYTES);
      case "Q4_0" -> {
        int pair = data.get(ValueLayout.JAVA_BYTE, block + 2 + at % 16);
        yield half(data, block) * ((at < 16 ? pair & 15 : pair >> 4 & 15) - 8);
      }
      case "Q8_0" -> half(data, block) * data.get(ValueLayout.JAVA_BYTE, block + 2 + at);
      default -> decoded(matrix, index);
    };
  }

  /// As the type says itself, which [dllama.tensor.GgufBlocksTest] checks.
  private static double decoded(Matrix matrix, long index) {
    DType type = matrix.dtype();
    float[] values = new float[type.blockSize()];
    long block = index / values.length * type.blockBytes();
    type.decode(matrix.data(), block, values.length, false, values, 0);
    return values[(int) (index % values.length)];
  }

  private static double half(MemorySegment data, long at) {
    return Float.float16ToFloat(data.get(ValueLayout.JAVA_SHORT_UNALIGNED, at));
  }

  private static void add(double[] sum, double[] x) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] += x[i];
    }
  }
}
