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

/** One of the classifiers that an experiment compares. */
export interface Arm {
  /** Name in files: lower-case words with hyphens. */
  readonly key: string
  readonly label: string
  /** Noise level on the [0, 1] scale. Default: that of the experiment. */
  readonly sigma?: number
  /** Derives the fine-tuning from that of FT-CADIS at this noise level. Default: FT-CADIS itself. */
  readonly config?: (base: RunConfig) => RunConfig
  /** Whether the classifier is fine-tuned. Default true; false certifies it off the shelf. */
  readonly isTrained?: boolean
  /**
   * Runs that vote as one: this arm's own, and others that differ only by their seed. The first is shared with an arm of the same
   * configuration and one member. Default 1.
   */
  readonly members?: number
  /**
   * Key of the arm whose smoothed classifier gives the soft labels of CAT-RS, and its noisy copies per image. The file replaces
   * `method.predictions`.
   */
  readonly softLabels?: { readonly of: string; readonly n: number }
  /**
   * Keys of the arms that this one chooses between, smallest noise level first, and the votes per training image for its training. Trains a
   * router, with predictions that replace those of `method.experts`, and certifies it with these arms.
   */
  readonly router?: { readonly of: readonly string[]; readonly n: number; readonly agreement: number }
  /** For ACES: the network for the image without noise, derived from FT-CADIS at this noise level. Default: none. */
  readonly core?: (base: RunConfig) => ClassifierConfig
  /** Custom decisions: functions of `defineHook`. A bare function belongs to the arm's key: a different function needs a different key. */
  readonly hooks?: Pick<FinetuneHooks, 'rule' | 'lossTerm' | 'schedule'>
  /** The same arm in the paper. */
  readonly paper?: PaperRowReference
}

/** A table or figure of the paper, or a comparison of the same kind. */
export interface Experiment {
  /** Name on the command line and of its folder. */
  readonly name: string
  readonly title: string
  /** Source in the paper: `Table 5`. */
  readonly source: string
  readonly varies: string
  readonly heldEqual: string
  /** The paper's findings, one sentence each. */
  readonly findings: readonly string[]
  /** The paper's noise level, on the [0, 1] scale. */
  readonly sigma: number
  /** Whether the paper uses the shorter runs: 20 epochs, ε doubled after 10, 1,000 test images. Default false. */
  readonly isAblation?: boolean
  /** Default: all except MNIST. */
  readonly scales?: readonly ScaleName[]
  readonly arms: (scale: Scale) => readonly Arm[]
  /** Key of the arm that the others are compared with, image by image. With several noise levels: the prefix of its keys. */
  readonly reference: string
  /** The curves of the plot and the page. Default: one per arm. */
  readonly curves?: (outcome: ExperimentOutcome) => readonly Curve[]
  /** Tables before all others. */
  readonly leadingTables?: (outcome: ExperimentOutcome) => readonly Table[]
  /** The plan, without loading data or networks. Default: steps and times, from a measured step. */
  readonly plan?: (options: TaskOptions) => Table
  /** Further tables. */
  readonly tables?: (outcome: ExperimentOutcome) => readonly Table[]
  /** Further sections of the page, after the tables. */
  readonly sections?: (outcome: ExperimentOutcome) => Promise<readonly ReportSection[]>
  /** Whether the page shows denoised images with each arm's class. Default false. */
  readonly showsImages?: boolean
}
