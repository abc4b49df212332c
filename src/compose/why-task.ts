// What a process imports that measures a model for a fleet.
import { why } from '../commands/why.ts'
import { defineWhyTask } from '../fleet/queue/why-task.ts'

export const whyTask = defineWhyTask(import.meta.url, { why })
