package dllama.api.service;

import dllama.api.http.Fields;
import dllama.reply.Tool;
import java.util.Map;

/// Functions that a request offers: dialects differ in where they stand, not in what they may be.
public final class Functions {
  /// The most of a request.
  public static final int MOST = 256;

  private static final String NAME = "[a-zA-Z0-9_.:-]{1,128}";

  private Functions() {}

  /// A function with a `name` and perhaps a `description`.
  ///
  /// @param parameters JSON schema of its arguments
  /// @throws dllama.api.http.ApiException if it has no name that models can spell
  public static Tool read(Fields function, Map<String, Object> parameters) {
    String name = function.text("name");
    if (!name.matches(NAME)) {
      throw function.bad("name", "may have letters, digits, _ . : and -, at most 128");
    }
    return new Tool(name, function.textIfAny("description").orElse(""), parameters);
  }
}
