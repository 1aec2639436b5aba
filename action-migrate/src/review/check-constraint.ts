import type { RelationName } from './names.ts';
import type { Remark } from './remark.ts';
import { flagOf, locationOf, nodesOf, textOf, type Fields } from './tree.ts';

/** ALTER TABLE … ADD CONSTRAINT. */
export function constraintRemarks(constraint: Fields, table: RelationName): readonly Remark[] {
  const name = textOf(constraint, 'conname');
  const object = name === '' ? table.shown : `${table.shown}.${name}`;
  const at = locationOf(constraint);
  const to = `to ${table.shown}`;
  const isChecked = !flagOf(constraint, 'skip_validation');
  const hasIndex = 'indexname' in constraint;
  switch (textOf(constraint, 'contype')) {
    case 'CONSTR_CHECK':
      if (!isChecked) return [];
      return [{ rule: 'constraint-missing-not-valid', object, at, what: `adds a CHECK ${to} and checks all rows` }];
    case 'CONSTR_FOREIGN':
      if (!isChecked) return [];
      return [
        { rule: 'adding-foreign-key-constraint', object, at, what: `adds a foreign key ${to} and checks all rows` },
      ];
    case 'CONSTR_NOTNULL': {
      if (!isChecked) return [];
      const column = `${table.shown}.${textOf(nodesOf(constraint, 'keys')[0]?.fields ?? {}, 'sval')}`;
      return [{ rule: 'adding-not-nullable-field', object: column, at, what: `makes ${column} NOT NULL` }];
    }
    case 'CONSTR_PRIMARY':
      if (hasIndex) return [];
      return [{ rule: 'adding-serial-primary-key-field', object, at, what: `adds a primary key ${to}` }];
    case 'CONSTR_UNIQUE':
      if (hasIndex) return [];
      return [{ rule: 'disallowed-unique-constraint', object, at, what: `adds a UNIQUE constraint ${to}` }];
    case 'CONSTR_EXCLUSION':
      return [{ rule: 'adding-exclusion-constraint', object, at, what: `adds an EXCLUDE constraint ${to}` }];
    default:
      return [];
  }
}
