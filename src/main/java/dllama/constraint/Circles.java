package dllama.constraint;

import dllama.error.UserException;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;

/// Finds parts of a schema that are themselves before anything of them is written.
final class Circles {
  private Circles() {}

  /// @throws UserException if there is one
  static void refuse(Grammar root) {
    IdentityHashMap<Grammar, Integer> order = new IdentityHashMap<>();
    List<Grammar> all = new ArrayList<>(List.of(root));
    order.put(root, 0);
    for (int i = 0; i < all.size(); i++) {
      for (Grammar part : all.get(i).parts()) {
        if (order.putIfAbsent(part, 0) == null) {
          all.add(part);
        }
      }
    }
    // Takes away, one after the other, what nothing begins with that is still there.
    IdentityHashMap<Grammar, List<Grammar>> beginners = new IdentityHashMap<>();
    List<Grammar> free = new ArrayList<>();
    for (Grammar grammar : all) {
      List<Grammar> begins = begins(grammar);
      order.put(grammar, begins.size());
      if (begins.isEmpty()) {
        free.add(grammar);
      }
      begins.forEach(part -> beginners.computeIfAbsent(part, _ -> new ArrayList<>()).add(grammar));
    }
    int taken = 0;
    for (; taken < free.size(); taken++) {
      for (Grammar user : beginners.getOrDefault(free.get(taken), List.of())) {
        if (order.merge(user, -1, Integer::sum) == 0) {
          free.add(user);
        }
      }
    }
    if (taken < all.size()) {
      throw new UserException(
          "a part of the schema refers to itself without an object or array between");
    }
  }

  /// What a grammar may begin with before any byte of it.
  private static List<Grammar> begins(Grammar grammar) {
    return switch (grammar) {
      case Reference reference -> reference.parts();
      case Choice choice -> choice.parts();
      default -> List.of();
    };
  }
}
