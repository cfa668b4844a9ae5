package dllama.reply;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A function that a model may ask for.
///
/// @param description empty where there is none
/// @param parameters JSON schema of its arguments: maps, lists, texts, numbers, Booleans, null
public record Tool(
    String name, String description, Map<String, ? extends @Nullable Object> parameters) {}
