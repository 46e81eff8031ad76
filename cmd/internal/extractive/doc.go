// Package extractive answers questions offline by quoting the passage of a text
// that fits best. It holds no language model: an answer is either a passage of
// the text or the sentence [NoAnswer], and it never reports token usage, since
// no token is ever spent.
//
// A text is split into passages: sentences, list items, table rows and
// paragraphs, of at most 1,024 bytes. Passages are ranked by BM25 with k1 = 1.2
// and b = 0.75, after S. Robertson and H. Zaragoza, "The Probabilistic Relevance
// Framework: BM25 and Beyond", Foundations and Trends in Information Retrieval
// 3(4), 2009. Equal scores are ordered by position, so the same question on the
// same text has the same answer every time.
//
// An English question of when, who, where or how many prefers a passage that
// mentions a date, a name, a place or a number which the question does not hold.
// Such a passage also counts by the sentences around it in its paragraph, since
// "it was finished in 1889" names its subject there. Names and places are told by
// their capitals and the prepositions before them, so they are at times mistaken.
//
// Terms are lower-cased Unicode words, with plurals and the English endings
// "-ing" and "-ed" folded. An identifier such as dspy_predictions_total counts
// as a whole and by its parts. Scripts written without spaces (Chinese,
// Japanese, Thai, Lao, Khmer, Burmese) and Korean are read as overlapping pairs
// of characters. Emoji and other symbols are no terms. Composed and decomposed
// forms of an accented letter are different letters.
//
// Matching is by words, not by meaning: a question that shares but one word
// with the text is answered with the passage that holds it. The reasoning of
// [ChainOfThought] names the words that the best passage lacks.
package extractive
