package dllama.sampling;

import java.util.Arrays;

/// Draws from the softmax of logits / temperature, where `topp` lies between 0 and 1 only from the
/// smallest set of tokens whose probability together exceeds it. One random number per token.
///
/// Floats are rounded and added in the order in which distributed-llama does it, so that a seed
/// gives the same tokens. Of a vocabulary of 128k only the candidates that can be in the set are
/// looked at, and they leave a heap one by one until the set is complete.
public final class TopP implements Sampler {
  /// After so many candidates sorting the others is faster; a high temperature may ask for most.
  private static final int MOST_FROM_HEAP = 2048;

  private final float temperature;
  private final float topp;
  private final Xorshift random;

  /// Candidates as probability bits, then the inverted index: larger is more probable, and of equal
  /// ones the lower index. A max-heap at the front, what was taken from it behind.
  private long[] heap = {};

  TopP(float temperature, float topp, long seed) {
    if (!(temperature > 0) || temperature == Float.POSITIVE_INFINITY || Float.isNaN(topp)) {
      throw new IllegalArgumentException("temperature=%s topp=%s".formatted(temperature, topp));
    }
    this.temperature = temperature;
    this.topp = topp;
    this.random = new Xorshift(seed);
  }

  @Override
  public int next(float[] logits) {
    float coin = random.nextFloat();
    int best = Sampler.argmax(logits);
    if (!Float.isFinite(logits[best] / temperature)) {
      return best;
    }
    softmax(logits, logits[best] / temperature);
    return topp > 0 && topp < 1 ? fromNucleus(logits, best, coin) : fromAll(logits, coin);
  }

  private void softmax(float[] x, float max) {
    float sum = 0;
    for (int i = 0; i < x.length; i++) {
      float e = (float) Math.exp(x[i] / temperature - max);
      x[i] = Float.isNaN(e) ? 0 : e;
      sum += x[i];
    }
    for (int i = 0; i < x.length; i++) {
      x[i] /= sum;
    }
  }

  private static int fromAll(float[] probabilities, float coin) {
    float sum = 0;
    int last = 0;
    for (int i = 0; i < probabilities.length; i++) {
      if (probabilities[i] > 0) {
        sum += probabilities[i];
        last = i;
        if (coin < sum) {
          break;
        }
      }
    }
    return last;
  }

  private int fromNucleus(float[] probabilities, int best, float coin) {
    int candidates = collect(probabilities, best);
    heapify(candidates);
    float sum = 0;
    int size = candidates;
    while (size > 0 && sum <= topp) {
      int taken = candidates - size;
      if (taken == MOST_FROM_HEAP) {
        Arrays.sort(heap, 0, size);
      }
      size--;
      if (taken < MOST_FROM_HEAP) {
        moveTopTo(size);
      }
      sum += probability(heap[size]);
    }
    float wanted = coin * sum;
    float passed = 0;
    for (int i = candidates - 1; i > size; i--) {
      passed += probability(heap[i]);
      if (wanted < passed) {
        return index(heap[i]);
      }
    }
    return index(heap[size]);
  }

  /// Tokens below the cut-off are never needed: together they have less than 1 - topp. The best
  /// one always is a candidate.
  private int collect(float[] probabilities, int best) {
    int n = probabilities.length;
    if (heap.length < n) {
      heap = new long[n];
    }
    float cutoff = Math.min((1 - topp) / (n - 1), probabilities[best]);
    int count = 0;
    for (int i = 0; i < n; i++) {
      if (probabilities[i] >= cutoff) {
        heap[count++] = candidate(probabilities[i], i);
      }
    }
    return count;
  }

  /// Shrinks the heap to `size` and puts what was on top behind it.
  private void moveTopTo(int size) {
    long top = heap[0];
    heap[0] = heap[size];
    siftDown(0, size);
    heap[size] = top;
  }

  private void heapify(int size) {
    for (int i = size / 2 - 1; i >= 0; i--) {
      siftDown(i, size);
    }
  }

  private void siftDown(int start, int size) {
    int i = start;
    long moved = heap[i];
    for (int child = 2 * i + 1; child < size; child = 2 * i + 1) {
      if (child + 1 < size && heap[child + 1] > heap[child]) {
        child++;
      }
      if (heap[child] <= moved) {
        break;
      }
      heap[i] = heap[child];
      i = child;
    }
    heap[i] = moved;
  }

  private static long candidate(float probability, int index) {
    long bits = Float.floatToRawIntBits(probability);
    return (bits << 32) | (~index & 0xFFFFFFFFL);
  }

  private static float probability(long candidate) {
    return Float.intBitsToFloat((int) (candidate >>> 32));
  }

  private static int index(long candidate) {
    return ~(int) candidate;
  }
}
