// What every part of the builder is given.
import type { Catalog } from '../catalog';
import type { ConditionStore } from '../conditionStore';

export interface Builder {
  store: ConditionStore;
  catalog: Catalog;
}
