/** The sections that begin so, the first always; '…' for what is between them. Of how far to trust it, nothing about the machine. */
export function sectionsOf(text: string, beginnings: readonly string[]): string

/** The first findings of a report: `most` of them, and '…' for the others. */
export function firstFindings(text: string, most: number): string

/** Every trial that was kept, and the first of the others. */
export function firstTrials(text: string, most: number): string

/** Where `fix` says what it came to. */
export const OUTCOME: string
