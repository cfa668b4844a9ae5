package dllama.logits;

/// What becomes of the logits of a step: the less of them is wanted, the less has to travel.
public sealed interface LogitsWanted {
  /// Of how many of the run's last tokens logits are computed.
  int rows();

  /// Of how many of the run's last tokens anything is wanted.
  default int count() {
    return rows();
  }

  /// How many ranks of a world tell something, from rank 0 on.
  default int tellers(int ranks) {
    return ranks;
  }

  /// Nothing: the step only fills the cache.
  record Nothing() implements LogitsWanted {
    @Override
    public int rows() {
      return 0;
    }

    @Override
    public int tellers(int ranks) {
      return 0;
    }
  }

  /// No logits, but what they would be made of: the residual stream of the last tokens after the
  /// final norm. It is the same on all ranks, so rank 0 tells it alone.
  ///
  /// @param count of how many tokens
  record States(int count) implements LogitsWanted {
    public States {
      if (count < 1) {
        throw new IllegalArgumentException("count=" + count);
      }
    }

    @Override
    public int rows() {
      return 0;
    }

    @Override
    public int tellers(int ranks) {
      return 1;
    }
  }

  /// All logits of the last token.
  record All() implements LogitsWanted {
    @Override
    public int rows() {
      return 1;
    }
  }

  /// The most probable token after each of the last `rows` tokens; of equal ones the first.
  record Best(int rows) implements LogitsWanted {
    /// What ranks have room for.
    public static final int MAX_ROWS = 16;

    public Best {
      if (rows < 1 || rows > MAX_ROWS) {
        throw new IllegalArgumentException("rows=" + rows);
      }
    }
  }

  /// How probable given tokens are, each after one of the last tokens.
  ///
  /// @param tokens ids, one for each of as many last tokens; not changed afterwards
  record Given(int[] tokens) implements LogitsWanted {
    /// What ranks have room for.
    public static final int MAX_ROWS = 32;

    public Given {
      if (tokens.length < 1 || tokens.length > MAX_ROWS) {
        throw new IllegalArgumentException("tokens=" + tokens.length);
      }
      for (int token : tokens) {
        if (token < 0) {
          throw new IllegalArgumentException("token=" + token);
        }
      }
    }

    @Override
    public int rows() {
      return tokens.length;
    }
  }

  /// A token drawn after the last one from the most probable ones.
  record Draw(float temperature) implements LogitsWanted {
    public Draw {
      check(temperature);
    }

    @Override
    public int rows() {
      return 1;
    }
  }

  /// A token drawn after the last one from all, in the order of ids.
  record DrawAny(float temperature) implements LogitsWanted {
    public DrawAny {
      check(temperature);
    }

    @Override
    public int rows() {
      return 1;
    }
  }

  private static void check(float temperature) {
    if (!(temperature > 0) || temperature == Float.POSITIVE_INFINITY) {
      throw new IllegalArgumentException("temperature=" + temperature);
    }
  }
}
