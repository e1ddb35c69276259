/**
 * The prediction that stands for "abstained": what CERTIFY and PREDICT return instead of a class, and what Cohen's
 * log format holds in the column `predict`.
 */
export const ABSTAIN = -1
