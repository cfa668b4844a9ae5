package dllama.api.openai;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ResponseStoreTest {
  private static final String OWNER = "key 0";

  private static ResponseStore.Kept bytes(int count) {
    return new ResponseStore.Kept(OWNER, new byte[count], new byte[0]);
  }

  private static String there(ResponseStore store, String... ids) {
    StringBuilder there = new StringBuilder();
    for (String id : ids) {
      there.append(store.get(id, OWNER).isPresent() ? id : "-");
    }
    return there.toString();
  }

  @Test
  void shouldForgetWhatNobodyAskedForTheLongest() {
    ResponseStore store = new ResponseStore(2, 1000);
    store.put("a", bytes(1));
    store.put("b", bytes(1));
    assertTrue(store.get("a", OWNER).isPresent());
    store.put("c", bytes(1));
    assertEquals("a-c", there(store, "a", "b", "c"));
  }

  @Test
  void shouldNotKeepMoreBytesThanItsLimit() {
    ResponseStore store = new ResponseStore(100, 1000);
    store.put("a", bytes(400));
    store.put("b", bytes(400));
    store.put("c", bytes(400));
    assertEquals("-bc", there(store, "a", "b", "c"));
    store.put("d", bytes(1001));
    assertEquals("---d".replace('d', '-'), there(store, "a", "b", "c", "d"));
    store.put("e", bytes(1000));
    assertEquals("e", there(store, "e"), "what is gone takes no room");
  }

  @Test
  void shouldForgetWhenTold() {
    ResponseStore store = new ResponseStore(100, 1000);
    store.put("a", bytes(900));
    assertTrue(store.remove("a", OWNER));
    assertFalse(store.remove("a", OWNER));
    store.put("b", bytes(900));
    assertEquals("-b", there(store, "a", "b"));
  }

  @Test
  void shouldGiveNobodyWhatAnotherOneMade() {
    ResponseStore store = new ResponseStore(100, 1000);
    store.put("a", bytes(1));
    assertTrue(store.get("a", "key 1").isEmpty());
    assertFalse(store.remove("a", "key 1"));
    assertEquals("a", there(store, "a"));
  }
}
