/** The presentation of one number of a run: in reports, TensorBoard, the terminal, and the documentation. */
export interface MetricDescription {
  /** Short name for a column, an axis, or a field of the live line. */
  readonly label: string
  /** One sentence under a chart that explains it. */
  readonly caption: string
  /** TensorBoard's tag; the part before the slash groups charts. */
  readonly tag: string
  /** A share is displayed in percent. */
  readonly unit?: 'share' | undefined
  /** Whether to show it in a terminal's live line and the first table of a report. */
  readonly isHeadline?: boolean | undefined
  /** Whether it follows a schedule, so that it has no noise to smooth. */
  readonly isExact?: boolean | undefined
}

/** By key: the metric's name in `metrics.jsonl`. */
export type MetricTable = Readonly<Record<string, MetricDescription>>

/** The numbers of one report, by key; null if undefined, for example the success of an attack without attacked images. */
export type MetricValues = Readonly<Record<string, number | null>>

/** Returns the descriptions of `metrics`, without their formulas. */
export function describeMetrics(metrics: MetricTable): MetricTable {
  return Object.fromEntries(
    Object.entries(metrics).map(([key, { label, caption, tag, unit, isHeadline, isExact }]) => [
      key,
      { label, caption, tag, unit, isHeadline, isExact },
    ]),
  )
}
