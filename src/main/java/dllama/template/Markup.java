package dllama.template;

/// Text that is marked as escaped, so that it is not escaped again.
record Markup(String text) {
  static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("'", "&#39;")
        .replace("\"", "&#34;");
  }
}
