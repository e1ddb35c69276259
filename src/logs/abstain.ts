/**
 * The prediction for "abstained": returned by CERTIFY and PREDICT instead of a class, and recorded in the column
 * `predict` of Cohen's log format.
 */
export const ABSTAIN = -1
