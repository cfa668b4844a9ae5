package dllama.shard;

import dllama.error.UserException;

/// Says that a model's arithmetic has left the numbers, and where.
public final class NotFinite {
  private NotFinite() {}

  /// @param where what is no number, for the beginning of a sentence
  public static UserException at(String where) {
    return new UserException(
        "the model does not work: "
            + where
            + " is no number (NaN or infinity); its file may be damaged: copy or convert it again");
  }
}
