// What a command reports while it works.

export interface StageProgress {
  readonly stage: string
  readonly done: number
  readonly of: number
  /** Whether to print it once in a line that stays, on whatever screen. */
  readonly isNotice?: boolean
}
