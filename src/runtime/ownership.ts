/**
 * Who may change a list or object in place. Values are immutable by convention; a container may be changed only through the one
 * variable that owns it. Each slot of a frame has an owner token; a container made for that slot carries the token. Any read that
 * lets a container out of its variable (see compile-expression.ts) replaces the token, so everything owned before is shared from then on.
 */
import { isList, isObj, type Obj, type Value } from '../lib/value.js'
import type { Frame } from './frame.js'

type Container = Value[] | Obj

class Target {
  constructor(container: object) {
    // Returning the container makes the subclass put its private field on it: invisible to every reader, no wrapper, no weak map.
    // biome-ignore lint/correctness/noConstructorReturn: the way to give an existing object a private field
    return container
  }
}
class Stamp extends Target {
  #owner: object

  private constructor(container: object, owner: object) {
    super(container)
    this.#owner = owner
  }

  static set(container: object, owner: object): void {
    if (#owner in container) container.#owner = owner
    else new Stamp(container, owner)
  }

  static get(container: object): object | null {
    return #owner in container ? container.#owner : null
  }
}

/** Gives up what a slot owns: all of it is shared from now on. */
export function release(frame: Frame, slot: number): void {
  frame.owners[slot] = null
}

/** Whether the container was made for this slot and was never let out. */
export function isOwned(container: Value, frame: Frame, slot: number): boolean {
  const owner = frame.owners[slot]
  return owner !== null && owner !== undefined && typeof container === 'object' && container !== null && Stamp.get(container) === owner
}

/** The container itself when the slot owns it, else a shallow copy that it owns. */
export function owned<C extends Container>(container: C, frame: Frame, slot: number): C {
  let owner = frame.owners[slot]
  if (owner === null || owner === undefined) {
    owner = {}
    frame.owners[slot] = owner
  } else if (Stamp.get(container) === owner) return container
  const copy = isObj(container) ? new Map(container) : container.slice()
  frame.run.budget.spend(isObj(container) ? container.size >> 4 : container.length >> 4)
  Stamp.set(copy, owner)
  return copy as C
}

/** Marks a container just made, which nobody else holds, as the slot's own. */
export function adopt<C extends Container>(container: C, frame: Frame, slot: number): C {
  let owner = frame.owners[slot]
  if (owner === null || owner === undefined) {
    owner = {}
    frame.owners[slot] = owner
  }
  Stamp.set(container, owner)
  return container
}

export const isContainer = (value: Value | undefined): value is Container => isList(value) || isObj(value)
