package dllama.hub;

import java.util.List;
import java.util.Optional;

/// A model to fetch.
///
/// @param name of its folder
/// @param source what was asked for, as one would ask again
/// @param licence if it is known
/// @param files to make of it, the model first (of a split one: its first part), a `.t` last
record Wanted(String name, String source, Optional<String> licence, List<File> files) {
  /// A file here.
  ///
  /// @param name without a folder
  /// @param parts there, one after the other in the file here
  record File(String name, List<Remote> parts) {}
}
