package dllama.cli;
final class Inspect { static void run(dllama.settings.Settings s, java.io.PrintStream o) {} }
