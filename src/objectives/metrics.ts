/** How one number of a run is shown: in reports, TensorBoard, the terminal, and the documentation. */
export interface MetricDescription {
  /** Short name: of a column, an axis, a field of the live line. */
  readonly label: string
  /** What it is, as one sentence under a chart. */
  readonly caption: string
  /** TensorBoard's tag; the part before the slash groups charts. */
  readonly tag: string
  /** A share is shown in percent. */
  readonly unit?: 'share' | undefined
  /** Whether the live line of a terminal and the first table of a report show it. */
  readonly isHeadline?: boolean | undefined
  /** Whether it follows a schedule, and so has no noise to smooth. */
  readonly isExact?: boolean | undefined
}

/** By key: the name of the number in `metrics.jsonl`. */
export type MetricTable = Readonly<Record<string, MetricDescription>>

/** The numbers of one report, by key; null where there is none, such as the success of an attack that attacked nothing. */
export type MetricValues = Readonly<Record<string, number | null>>

/** What `metrics` is, without how it is computed. */
export function describeMetrics(metrics: MetricTable): MetricTable {
  return Object.fromEntries(
    Object.entries(metrics).map(([key, { label, caption, tag, unit, isHeadline, isExact }]) => [
      key,
      { label, caption, tag, unit, isHeadline, isExact },
    ]),
  )
}
