import type { Curve } from '../analysis/plots'
import type { ReportSection } from '../analysis/report'
import type { Table } from '../analysis/tables'
import type { ClassifierConfig, RunConfig } from '../config/schema'
import type { FinetuneHooks } from '../training/hooks'
import type { ExperimentOutcome } from './outcome'
import type { Scale, ScaleName } from './scale'
import type { TaskOptions } from './tasks'

/** A row of a table of the paper, counted from 0 in `assets/paper/tables.json`. */
export interface PaperRowReference {
  readonly table: string
  readonly row: number
}

/** One of the things that an experiment compares. */
export interface Arm {
  /** Names it in files: words in lower case with hyphens. */
  readonly key: string
  readonly label: string
  /** Noise level on the [0, 1] scale. Default: that of the experiment. */
  readonly sigma?: number
  /** What is fine-tuned, made of FT-CADIS at this noise level. Default: FT-CADIS itself. */
  readonly config?: (base: RunConfig) => RunConfig
  /** Whether the classifier is fine-tuned. Default true; false certifies it off the shelf. */
  readonly isTrained?: boolean
  /**
   * Runs that vote as one: this arm's own, and others that differ by their seed alone. The first is shared with an arm of the
   * same configuration and one member. Default 1.
   */
  readonly members?: number
  /**
   * The arm whose smoothed classifier gives the soft labels of CAT-RS, by its key, and how many noisy copies of an image it votes on.
   * The file takes the place of `method.predictions`.
   */
  readonly softLabels?: { readonly of: string; readonly n: number }
  /**
   * The arms that this one chooses between, by their keys, the smallest noise level first, and by how many votes on a training image it
   * learns that. It trains a router, whose predictions take the place of those of `method.experts`, and is certified with these arms.
   */
  readonly router?: { readonly of: readonly string[]; readonly n: number; readonly agreement: number }
  /** Of ACES: the network that is asked about the image without noise, made of FT-CADIS at this noise level. Default: none. */
  readonly core?: (base: RunConfig) => ClassifierConfig
  /** Decisions of the caller's own: functions of `defineHook`. A bare function belongs to the arm's key: another needs another key. */
  readonly hooks?: Pick<FinetuneHooks, 'rule' | 'lossTerm' | 'schedule'>
  /** The same in the paper. */
  readonly paper?: PaperRowReference
}

/** A table or figure of the paper, or a comparison of the same kind. */
export interface Experiment {
  /** Its name on the command line and its folder. */
  readonly name: string
  readonly title: string
  /** Where the paper has it: `Table 5`. */
  readonly source: string
  readonly varies: string
  readonly heldEqual: string
  /** What the paper finds, in a sentence each. */
  readonly findings: readonly string[]
  /** The paper's noise level, on the [0, 1] scale. */
  readonly sigma: number
  /** Whether the paper runs it shortened: 20 epochs, ε doubled after 10, 1,000 test images. Default false. */
  readonly isAblation?: boolean
  /** Default: all but MNIST. */
  readonly scales?: readonly ScaleName[]
  readonly arms: (scale: Scale) => readonly Arm[]
  /** Key of the arm that the others are compared with, image by image. At several noise levels: the first part of its keys. */
  readonly reference: string
  /** The curves of the plot and the page. Default: one for each arm. */
  readonly curves?: (outcome: ExperimentOutcome) => readonly Curve[]
  /** Tables that come before all others. */
  readonly leadingTables?: (outcome: ExperimentOutcome) => readonly Table[]
  /** What it would do, told without a look at data or networks. Default: steps and times, by a step that is measured. */
  readonly plan?: (options: TaskOptions) => Table
  /** Further tables. */
  readonly tables?: (outcome: ExperimentOutcome) => readonly Table[]
  /** Further sections of the page, after the tables. */
  readonly sections?: (outcome: ExperimentOutcome) => Promise<readonly ReportSection[]>
  /** Whether the page shows denoised images with each arm's verdict. Default false. */
  readonly showsImages?: boolean
}
