// What a queue must do for a fleet: hand each job to one agent at a time, again to another where the first is lost, and keep what came of it.
import type { FleetResult } from './result.ts'

/** A machine that listens. */
export interface ListeningAgent {
  /** What machines alike share: of a study's machine. */
  readonly machine: string
  readonly agent: string
  /** Why it is not taken for an agent of this fleet; null: it is one. */
  readonly fault: string | null
}

export type Outcome =
  /** Active: an agent holds it, and has renewed it of late. */
  | { readonly state: 'waiting' | 'active' | 'lost' }
  /** As it is there, which others can have written: `checkResult` says what it is. */
  | { readonly state: 'done'; readonly result: unknown }
  | { readonly state: 'failed'; readonly reason: string }

/** The side that asks. */
export interface AskingQueue {
  listening(): Promise<readonly ListeningAgent[]>
  /** The same trial twice on one kind of machine is one job. `priority`: from 1, which is taken first, to 9; of one priority the oldest is. */
  add(machine: string, trial: string, job: object, priority: number): Promise<void>
  outcome(machine: string, trial: string): Promise<Outcome>
  /** What no agent holds is taken out. */
  cancel(machine: string, trial: string): Promise<void>
  close(): Promise<void>
}

/** A job that an agent holds. */
export interface HeldJob {
  /** As whoever asked named it. */
  readonly id: string
  readonly job: unknown
  /** False where the job is no longer the agent's: it was taken for lost, and given to another. */
  renew(): Promise<boolean>
  done(result: FleetResult): Promise<void>
  /** `final`: it is not tried again. */
  failed(reason: string, final: boolean): Promise<void>
  /** Tried again later, with what has changed; by whatever agent. */
  putBack(afterMs: number, changed: object): Promise<void>
}

/** The side that measures. */
export interface AgentQueue {
  announce(): Promise<void>
  /** null: nothing waits. */
  take(): Promise<HeldJob | null>
  /** Is no longer announced; holds nothing. */
  close(): Promise<void>
}
