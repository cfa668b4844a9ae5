package dllama.template;

/// A text that is being written, within a budget.
final class Output {
  private final StringBuilder text = new StringBuilder();
  private final Budget budget;

  Output(Budget budget) {
    this.budget = budget;
  }

  Output append(String added) {
    budget.grow(text.length(), added.length());
    text.append(added);
    return this;
  }

  Output append(char added) {
    budget.grow(text.length(), 1);
    text.append(added);
    return this;
  }

  Output repeat(String added, long count) {
    if (count > 0) {
      long length = Math.multiplyHigh(count, added.length()) == 0 ? count * added.length() : -1;
      budget.grow(
          text.length(), length < 0 ? Integer.MAX_VALUE : Math.min(length, Integer.MAX_VALUE));
      text.repeat(added, Math.toIntExact(count));
    }
    return this;
  }

  int length() {
    return text.length();
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
