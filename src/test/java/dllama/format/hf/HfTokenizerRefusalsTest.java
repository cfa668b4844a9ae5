package dllama.format.hf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.error.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Files `tokenizer.json` that are damaged, hostile, or of a kind that is not supported.
@Timeout(20)
class HfTokenizerRefusalsTest {
  @TempDir Path folder;

  private void put(String file, String text) throws IOException {
    Files.writeString(folder.resolve(file), text.replace('\'', '"'));
  }

  private void shouldRefuse(String why) {
    UserException told = assertThrows(UserException.class, () -> HfTokenizer.read(folder));
    assertTrue(told.getMessage().contains(why), told.getMessage());
    assertTrue(told.getMessage().contains("tokenizer.json"), told.getMessage());
    assertEquals(1, told.getMessage().lines().count());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{} | it has no tokens or no merges",
        "[] | something else where an object is needed",
        "{'model':{'type':'Unigram','vocab':[['a',-1.0]]}} | its model is Unigram, which is not supported, only BPE",
        "{'model':{'type':'WordPiece','vocab':{'a':0}}} | its model is WordPiece",
        "{'model':{'type':'BPE','vocab':{'a':0},'merges':[]}} | it has no tokens or no merges",
        "{'model':{'type':'BPE','vocab':{'a':0,'b':0},'merges':['a b']}} | two tokens have id 0",
        "{'model':{'type':'BPE','vocab':{'a':9000},'merges':['a b']}} | its 1 tokens have ids up to 9,000",
        "{'model':{'type':'BPE','vocab':{'a':2000000},'merges':['a b']}} | token a has id 2000000, which can not be",
        "{'model':{'type':'BPE','vocab':{'a':-1},'merges':['a b']}} | -1 is negative",
        "{'model':{'type':'BPE','vocab':{'a':'0'},'merges':['a b']}} | something else where a whole number is needed",
        "{'model':{'type':'BPE','vocab':{'a':0},'merges':['a b']}} | BPE that is neither byte-level nor has",
        "{'model':{'byte_fallback':1}} | something else where true or false is needed",
        "{'model':{'end_of_word_suffix':'</w>'}} | model.end_of_word_suffix is used",
        "{'model':{'type':'BPE','vocab':{'a':0},'merges':[['a']]},'pre_tokenizer':{'type':'ByteLevel'}} | a merge has no two parts",
        "{'model':{'type':'BPE','vocab':{'a':0},'merges':[['a','b','c']]},'pre_tokenizer':{'type':'ByteLevel'}} | a merge has more than two parts",
        "{'model':{'type':'BPE','vocab':{'a':0},'merges':[7]},'pre_tokenizer':{'type':'ByteLevel'}} | something else where a text is needed",
        "{'added_tokens':[{'id':0,'content':''}]} | added_tokens.content is , which is not supported",
        "{'added_tokens':[{'content':'x'}]} | it does not tell added_tokens.id",
        "{'added_tokens':[3]} | added_tokens. is no object",
        "{'normalizer':3} | normalizer. is no object",
        "{'pre_tokenizer':{'type':'Sequence','pretokenizers':[3]},'model':{'vocab':{'a':0},'merges':['a b']}} | pre_tokenizer.pretokenizers. is no object",
        "{'model':{'vocab':{'a':0},'merges':['a b']},'pre_tokenizer':{'type':'ByteLevel'},'post_processor':{'type':'TemplateProcessing','single':[{'SpecialToken':{'id':'x'}}]}} | id is x, which is not supported",
      })
  void shouldRefuse(String text, String why) throws IOException {
    put("tokenizer.json", text);
    shouldRefuse(why);
  }

  @Test
  void shouldBoundWhatItReads() throws IOException {
    put("tokenizer.json", "[".repeat(1 << 20));
    shouldRefuse("something else where an object is needed");
    put("tokenizer.json", "{'normalizer':" + "[".repeat(1 << 20));
    shouldRefuse("too deep");
    put("tokenizer.json", "{'normalizer':{'a':[" + "0,".repeat(20_000) + "0]}}");
    shouldRefuse("more values than any such file");
    List<String> many = new ArrayList<>();
    IntStream.range(0, 600_000).forEach(i -> many.add("'%d':%d".formatted(i, i)));
    put("tokenizer.json", "{'model':{'vocab':{%s}}}".formatted(String.join(",", many)));
    shouldRefuse("it has more than 524,288 tokens");
    put("tokenizer.json", "{'model':{'merges':[" + "0,".repeat(1 << 20) + "0]}}");
    shouldRefuse("it has more than 1,048,575 merges");
    try (var file = new java.io.RandomAccessFile(folder.resolve("tokenizer.json").toFile(), "rw")) {
      file.setLength(200 << 20);
    }
    shouldRefuse("more than the 100,663,296 of any such file");
    Files.delete(folder.resolve("tokenizer.json"));
    shouldRefuse("does not exist");
  }
}
