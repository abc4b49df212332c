// What examples of documents of a divided median have in common: text generation and embeddings.

/** With an interval of five per cent to either side. */
export const measured = (value: number) => ({ value, low: value * 0.95, high: value * 1.05 })

export const EXAMPLE_HEAD = { tool: { version: '0.1.0' }, createdAt: '2026-11-30T12:00:00.000Z' } as const

export const EXAMPLE_MACHINE = { cpu: 'Example CPU', usableCpus: 2, node: '20.19.0' } as const
