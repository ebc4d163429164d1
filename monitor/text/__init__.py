"""Pure text work shared by the stages: plain text, folding, word tokens, names, sentences, languages."""
