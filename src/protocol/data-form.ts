/** Data forms (XEP-0004) as values, read from elements and written to elements. */
import { type Element, el } from './element.js';
import { ns } from './namespaces.js';

export type FormType = 'form' | 'submit' | 'cancel' | 'result';

const formTypes: ReadonlySet<string> = new Set(['form', 'submit', 'cancel', 'result'] satisfies FormType[]);

export type FieldType =
  | 'boolean'
  | 'fixed'
  | 'hidden'
  | 'jid-multi'
  | 'jid-single'
  | 'list-multi'
  | 'list-single'
  | 'text-multi'
  | 'text-private'
  | 'text-single';

const fieldTypes: ReadonlySet<string> = new Set([
  'boolean',
  'fixed',
  'hidden',
  'jid-multi',
  'jid-single',
  'list-multi',
  'list-single',
  'text-multi',
  'text-private',
  'text-single',
] satisfies FieldType[]);

export interface FormOption {
  readonly label?: string | undefined;
  readonly value: string;
}

export interface FormField {
  /** Absent in `fixed` fields only. */
  readonly name?: string | undefined;
  /** `undefined` where the context tells, as it does in submissions and results. */
  readonly type?: FieldType | undefined;
  readonly label?: string | undefined;
  readonly description?: string | undefined;
  readonly required?: boolean | undefined;
  readonly values?: readonly string[] | undefined;
  readonly options?: readonly FormOption[] | undefined;
}

export interface DataFormContent {
  readonly title?: string | undefined;
  readonly instructions?: readonly string[] | undefined;
  /** XEP-0068: becomes the hidden field FORM_TYPE, before all others. */
  readonly formType?: string | undefined;
  readonly fields?: readonly FormField[] | undefined;
  /** Section 3.4: the columns of a result that has items. */
  readonly reported?: readonly FormField[] | undefined;
  readonly items?: readonly (readonly FormField[])[] | undefined;
}

const FORM_TYPE = 'FORM_TYPE';

export class DataForm {
  readonly type: FormType;
  readonly title: string | undefined;
  readonly instructions: readonly string[];
  /** FORM_TYPE is among them. */
  readonly fields: readonly FormField[];
  readonly reported: readonly FormField[];
  readonly items: readonly (readonly FormField[])[];

  constructor(type: FormType, content: DataFormContent = {}) {
    const { formType, fields = [] } = content;
    this.type = type;
    this.title = content.title;
    this.instructions = content.instructions ?? [];
    this.fields = formType === undefined ? fields : [formTypeField(formType), ...fields];
    this.reported = content.reported ?? [];
    this.items = content.items ?? [];
  }

  /** `undefined` when the element is no data form or has a type that XEP-0004 does not know. */
  static parse(element: Element): DataForm | undefined {
    if (!element.is('x', ns.DATA_FORMS)) return undefined;
    const { type } = element.attrs;
    if (type === undefined || !formTypes.has(type)) return undefined;
    return new DataForm(type as FormType, {
      title: element.childText('title'),
      instructions: element.childrenNamed('instructions').map((child) => child.text()),
      fields: parseFields(element),
      reported: element.childrenNamed('reported').flatMap(parseFields),
      items: element.childrenNamed('item').map(parseFields),
    });
  }

  /** The first form among the children of an element, for instance of a `<query/>`. */
  static findIn(parent: Element): DataForm | undefined {
    for (const child of parent.childrenNamed('x', ns.DATA_FORMS)) {
      const form = DataForm.parse(child);
      if (form) return form;
    }
    return undefined;
  }

  /** XEP-0068 section 4: in a form or a result, a FORM_TYPE that is not hidden says nothing. */
  get formType(): string | undefined {
    const field = this.field(FORM_TYPE);
    return this.type === 'submit' || field?.type === 'hidden' ? field?.values?.[0] : undefined;
  }

  field(name: string): FormField | undefined {
    return this.fields.find((field) => field.name === name);
  }

  /** The only or the first value. `undefined` when the field is not there or has none. */
  value(name: string): string | undefined {
    return this.field(name)?.values?.[0];
  }

  /** Empty when the field is not there. */
  values(name: string): readonly string[] {
    return this.field(name)?.values ?? [];
  }

  toElement(): Element {
    return el(
      'x',
      { xmlns: ns.DATA_FORMS, type: this.type },
      this.title === undefined ? undefined : el('title', {}, this.title),
      this.instructions.map((text) => el('instructions', {}, text)),
      this.fields.map(fieldElement),
      // Section 3.4: the columns come before the rows.
      this.reported.length === 0 ? undefined : el('reported', {}, this.reported.map(fieldElement)),
      this.items.map((item) => el('item', {}, item.map(fieldElement))),
    );
  }
}

/** Section 3.3: a line of text to a value. */
export function linesOf(text: string): string[] {
  return text.split(/\r\n|\r|\n/);
}

/** xs:boolean. `undefined` for any other text. */
export function parseBoolean(text: string): boolean | undefined {
  if (text === '1' || text === 'true') return true;
  return text === '0' || text === 'false' ? false : undefined;
}

function formTypeField(formType: string): FormField {
  return { name: FORM_TYPE, type: 'hidden', values: [formType] };
}

function parseFields(parent: Element): FormField[] {
  return parent.childrenNamed('field').map(parseField);
}

function parseField(element: Element): FormField {
  return {
    name: element.attrs['var'],
    type: parseFieldType(element.attrs['type']),
    label: element.attrs['label'],
    description: element.childText('desc'),
    required: element.child('required') !== undefined,
    values: element.childrenNamed('value').map((value) => value.text()),
    options: element.childrenNamed('option').flatMap((option) => {
      const value = option.childText('value');
      return value === undefined ? [] : [{ label: option.attrs['label'], value }];
    }),
  };
}

/** Section 3.3: a type that is not known is taken for text-single. */
function parseFieldType(type: string | undefined): FieldType | undefined {
  if (type === undefined) return undefined;
  return fieldTypes.has(type) ? (type as FieldType) : 'text-single';
}

function fieldElement(field: FormField): Element {
  return el(
    'field',
    { var: field.name, type: field.type, label: field.label },
    field.description === undefined ? undefined : el('desc', {}, field.description),
    field.required ? el('required') : undefined,
    field.values?.map((value) => el('value', {}, value)),
    field.options?.map((option) => el('option', { label: option.label }, el('value', {}, option.value))),
  );
}
