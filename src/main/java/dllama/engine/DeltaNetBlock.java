package dllama.engine;

import dllama.engine.SliceWeights.DeltaNet;
import dllama.model.TensorRole;
import dllama.slice.DeltaCuts;
import dllama.step.RunState;
import dllama.tensor.Activations;
import dllama.tensor.DeltaGates;
import dllama.tensor.PackedMatrix;
import dllama.tensor.WorkerPool;
import java.util.List;

/// One rank's part of a gated delta network ([dllama.model.DeltaNet]):
///
/// ```
/// [q | k | v] = silu(convolution(w · norm(x)));  q = q / |q|;  k = k / |k|
/// o = delta rule(q, k, v, decay, beta)
/// partial = wo · (norm(o) · silu(gate · norm(x)))
/// ```
///
/// where decay and beta are numbers of a token and a value head. A sequence's tokens are computed
/// one after the other, so what they give has the same bits however they are cut into steps; value
/// heads are independent of each other, and divided over ranks and threads.
final class DeltaNetBlock implements LayerBlock {
  private final StepState step;
  private final List<SliceWeights.Layer> layers;
  private final DeltaStates states;
  private final int headDim;
  private final int kernel;
  private final int keyHeads;
  private final int valueHeads;
  private final int channels;
  private final int maxTokens;

  /// Of each value head, its key head, and its place among the columns of wo.
  private final int[] keyHead;

  private final int[] column;

  private final ProductInput normed;

  /// Queries, keys and values, `[tokens, channels]`, before and after the convolution.
  private final float[] input;

  private final float[] convolved;

  /// What the delta rule gives, in the places of values.
  private final float[] read;

  /// `[tokens, valueHeads · headDim]`, in the order of rows.
  private final float[] gate;

  /// The same, gated, in the order of columns of wo.
  private final float[] gated;

  /// `[tokens, valueHeads]`
  private final float[] projectedBeta;

  private final float[] alpha;

  /// `[valueHeads, maxTokens]`
  private final float[] beta;

  private final float[] decay;

  /// By thread, a part of a state.
  private final float[][] inputs;

  private final float[][] matrix;
  private final LeafProduct output;

  private final WorkerPool.Task projectShare = this::projectShare;
  private final WorkerPool.Task convolveShare = this::convolveShare;
  private final WorkerPool.Task headsShare = this::headsShare;
  private final WorkerPool.Task outputShare = this::outputShare;

  private int layer;
  private DeltaNet weights;

  DeltaNetBlock(
      StepState step,
      List<SliceWeights.Layer> layers,
      DeltaStates states,
      DeltaCuts cuts,
      int maxTokens) {
    this.step = step;
    this.layers = layers;
    this.states = states;
    this.maxTokens = maxTokens;
    weights = weights(step.spec.deltaNet().layers().indexOf(true));
    headDim = cuts.net().headDim();
    kernel = cuts.net().kernel();
    keyHeads = cuts.keyHeadCount();
    valueHeads = cuts.rowOrder().size();
    channels = (2 * keyHeads + valueHeads) * headDim;
    keyHead = cuts.keyHeadsOfRows().stream().mapToInt(Integer::intValue).toArray();
    column = cuts.rowOrder().stream().mapToInt(cuts.columnOrder()::indexOf).toArray();
    input = new float[Math.multiplyExact(maxTokens, channels)];
    convolved = new float[input.length];
    read = new float[input.length];
    gate = new float[maxTokens * valueHeads * headDim];
    gated = new float[gate.length];
    projectedBeta = new float[maxTokens * valueHeads];
    alpha = new float[projectedBeta.length];
    beta = new float[projectedBeta.length];
    decay = new float[projectedBeta.length];
    inputs = new float[step.pool.threads()][(kernel - 1) * headDim];
    matrix = new float[step.pool.threads()][headDim * DeltaStates.COLS];
    normed =
        new ProductInput(
            step.pool,
            step.spec.typesOf(
                TensorRole.DELTA_INPUT,
                TensorRole.DELTA_GATE,
                TensorRole.DELTA_BETA,
                TensorRole.DELTA_ALPHA),
            maxTokens,
            step.spec.dim(),
            (token, into, thread) -> step.loadNormed(token, weights.norm(), into, token, thread));
    output =
        LeafProduct.ofParts(
            step,
            TensorRole.DELTA_OUTPUT,
            layers.stream()
                .map(of -> parts(of.mixer() instanceof DeltaNet net ? net : weights))
                .toList(),
            maxTokens,
            gated);
  }

  private static List<PackedMatrix> parts(DeltaNet net) {
    return net.wo().stream().flatMap(List::stream).toList();
  }

  private DeltaNet weights(int layer) {
    return (DeltaNet) layers.get(layer).mixer();
  }

  @Override
  public void compute(int layer) {
    this.layer = layer;
    weights = weights(layer);
    normed.prepare(step.tokens());
    step.pool.run(projectShare);
    step.pool.run(convolveShare);
    step.pool.run(headsShare);
    output.prepare(layer);
    step.pool.run(outputShare);
  }

  @Override
  public SliceWeights.Output output() {
    return weights.output();
  }

  /// All matrices as if they were one.
  private void projectShare(int thread, int threads) {
    Activations rows = normed.rows(thread);
    int groups =
        groups(weights.input())
            + groups(weights.gate())
            + groups(weights.beta())
            + groups(weights.alpha());
    int portion = step.portion(groups);
    for (int from = step.pool.take(portion); from < groups; from = step.pool.take(portion)) {
      int to = Math.min(from + portion, groups);
      int next = product(weights.input(), 0, from, to, rows, input, channels);
      next = product(weights.gate(), next, from, to, rows, gate, valueHeads * headDim);
      next = product(weights.beta(), next, from, to, rows, projectedBeta, valueHeads);
      product(weights.alpha(), next, from, to, rows, alpha, valueHeads);
    }
  }

  private static int groups(List<PackedMatrix> parts) {
    int groups = 0;
    for (int part = 0; part < parts.size(); part++) {
      groups += parts.get(part).groups();
    }
    return groups;
  }

  /// Those row groups of `from` ≤ group < `to` that a matrix in parts has, whose first one is
  /// `first`.
  ///
  /// @return the first one of the next matrix
  private int product(
      List<PackedMatrix> parts,
      int first,
      int from,
      int to,
      Activations rows,
      float[] out,
      int stride) {
    int next = first;
    int at = 0;
    for (int part = 0; part < parts.size(); part++) {
      PackedMatrix w = parts.get(part);
      step.product(w, from - next, to - next, rows, out, at, stride);
      next += w.groups();
      at += w.rows();
    }
    return next;
  }

  /// Heads of queries, keys and values alike.
  private void convolveShare(int thread, int threads) {
    int heads = 2 * keyHeads + valueHeads;
    int to = WorkerPool.from(heads, thread + 1, threads);
    for (int head = WorkerPool.from(heads, thread, threads); head < to; head++) {
      for (int run = 0; run < step.rows.runs(); run++) {
        convolve(head * headDim, run, inputs[thread]);
      }
      for (int token = 0; head < 2 * keyHeads && token < step.tokens(); token++) {
        int at = token * channels + head * headDim;
        step.kernels.l2Norm(convolved, at, headDim, step.spec.rmsEpsilon());
      }
    }
  }

  /// The channels of a head, from `channel` on.
  private void convolve(int channel, int run, float[] before) {
    int first = step.rows.first(run);
    int count = step.rows.first(run + 1) - first;
    RunState state = step.rows.state(run);
    states.loadInputs(state.from(), layer, channel, headDim, before);
    step.kernels.convolve(
        input,
        first * channels + channel,
        channels,
        count,
        weights.filter(),
        channel,
        channels,
        kernel,
        before,
        headDim,
        convolved);
    states.storeInputs(state.to(), layer, channel, headDim, before);
  }

  /// Whole value heads.
  private void headsShare(int thread, int threads) {
    int to = WorkerPool.from(valueHeads, thread + 1, threads);
    for (int head = WorkerPool.from(valueHeads, thread, threads); head < to; head++) {
      for (int token = 0; token < step.tokens(); token++) {
        int from = token * valueHeads + head;
        int at = head * maxTokens + token;
        beta[at] = DeltaGates.beta(projectedBeta[from]);
        float x = alpha[from] + weights.alphaBias()[head];
        decay[at] = DeltaGates.decay(weights.decay()[head], x);
      }
      for (int run = 0; run < step.rows.runs(); run++) {
        for (int col = 0; col < headDim; col += DeltaStates.COLS) {
          deltaRule(head, run, col, matrix[thread]);
        }
      }
      for (int token = 0; token < step.tokens(); token++) {
        gate(head, token);
      }
    }
  }

  private void deltaRule(int head, int run, int col, float[] of) {
    int first = step.rows.first(run);
    int count = step.rows.first(run + 1) - first;
    RunState state = step.rows.state(run);
    int cols = Math.min(DeltaStates.COLS, headDim - col);
    int row = first * channels;
    states.loadColumns(state.from(), layer, head, col, cols, of);
    step.kernels.deltaRule(
        of,
        headDim,
        cols,
        count,
        convolved,
        row + keyHead[head] * headDim,
        row + (keyHeads + keyHead[head]) * headDim,
        row + (2 * keyHeads + head) * headDim + col,
        channels,
        decay,
        beta,
        head * maxTokens + first,
        read);
    states.storeColumns(state.to(), layer, head, col, cols, of);
  }

  private void gate(int head, int token) {
    int at = token * channels + (2 * keyHeads + head) * headDim;
    float epsilon = step.spec.rmsEpsilon();
    step.kernels.rmsNorm(read, at, weights.headNorm(), headDim, epsilon, read, at);
    int gateAt = (token * valueHeads + head) * headDim;
    step.kernels.swiglu(gate, gateAt, read, at, headDim);
    int to = (token * valueHeads + column[head]) * headDim;
    System.arraycopy(gate, gateAt, gated, to, headDim);
  }

  private void outputShare(int thread, int threads) {
    output.computeParts(weights.wo(), thread);
  }
}
