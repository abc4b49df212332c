// Which numbers of threads are worth a try: one, which a token that waits for memory may need, half of the CPUs, and all of them.

export const threadCounts = (usableCpus: number): readonly number[] => [...new Set([1, Math.ceil(usableCpus / 2), usableCpus])]
