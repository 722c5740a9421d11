/** Data forms, and submissions held against them. */
import { describe, expect, it } from 'vitest';
import { DataForm, type FormField, linesOf, parseBoolean } from '../../../src/protocol/data-form.js';
import { el } from '../../../src/protocol/element.js';
import { FormSubmission } from '../../../src/protocol/form-submission.js';
import { ns } from '../../../src/protocol/namespaces.js';

const offered = new DataForm('form', {
  title: 'Bot Configuration',
  instructions: ['Fill out this form', 'and send it'],
  formType: 'jabber:bot',
  fields: [
    { type: 'fixed', values: ['Section 1'] },
    { name: 'botname', type: 'text-single', label: 'The name', description: 'Any name', required: true },
    { name: 'description', type: 'text-multi' },
    { name: 'public', type: 'boolean', values: ['0'] },
    { name: 'password', type: 'text-private' },
    { name: 'features', type: 'list-multi', options: [{ label: 'News', value: 'news' }, { value: 'search' }] },
    { name: 'maxsubs', type: 'list-single', values: ['20'], options: [{ value: '10' }, { value: '20' }] },
    { name: 'owner', type: 'jid-single' },
    { name: 'invitelist', type: 'jid-multi' },
  ],
});

function submit(...fields: FormField[]): FormSubmission {
  return FormSubmission.check(offered, new DataForm('submit', { formType: 'jabber:bot', fields }));
}

const named: FormField = { name: 'botname', values: ['The Jabber Google Bot'] };

describe('DataForm', () => {
  it('XEP-0004 section 3: is written as the protocol has it', () => {
    const form = new DataForm('form', {
      title: 'T',
      formType: 'urn:x',
      fields: [
        {
          name: 'a',
          type: 'list-single',
          label: 'L',
          description: 'D',
          required: true,
          values: ['1'],
          options: [{ value: '1' }],
        },
      ],
    });
    expect(form.toElement().toXml()).toBe(
      "<x xmlns='jabber:x:data' type='form'><title>T</title>" +
        "<field var='FORM_TYPE' type='hidden'><value>urn:x</value></field>" +
        "<field var='a' type='list-single' label='L'><desc>D</desc><required/><value>1</value>" +
        '<option><value>1</value></option></field></x>',
    );
  });

  it('is read back as it was written', () => {
    const again = DataForm.parse(offered.toElement())!;
    expect(again.toElement().toXml()).toBe(offered.toElement().toXml());
    expect(again.formType).toBe('jabber:bot');
    expect(again.title).toBe('Bot Configuration');
    expect(again.instructions).toEqual(['Fill out this form', 'and send it']);
    expect(again.field('features')?.options).toEqual([
      { label: 'News', value: 'news' },
      { label: undefined, value: 'search' },
    ]);
  });

  it('XEP-0004 section 3.4: has columns and rows', () => {
    const result = new DataForm('result', {
      reported: [{ name: 'name', type: 'text-single' }],
      items: [[{ name: 'name', values: ['Romeo'] }], [{ name: 'name', values: ['Juliet'] }]],
    });
    const again = DataForm.parse(result.toElement())!;
    expect(again.reported.map((field) => field.name)).toEqual(['name']);
    expect(again.items.map((item) => item[0]?.values)).toEqual([['Romeo'], ['Juliet']]);
    expect(again.fields).toEqual([]);
  });

  it('XEP-0004 section 3.3: takes a type that it does not know for text-single', () => {
    const element = el('x', { xmlns: ns.DATA_FORMS, type: 'form' }, el('field', { var: 'a', type: 'colour' }));
    expect(DataForm.parse(element)?.field('a')?.type).toBe('text-single');
  });

  it('is no form of another namespace, name or type', () => {
    expect(DataForm.parse(el('x', { xmlns: 'jabber:x:other', type: 'form' }))).toBeUndefined();
    expect(DataForm.parse(el('y', { xmlns: ns.DATA_FORMS, type: 'form' }))).toBeUndefined();
    expect(DataForm.parse(el('x', { xmlns: ns.DATA_FORMS, type: 'error' }))).toBeUndefined();
    expect(DataForm.parse(el('x', { xmlns: ns.DATA_FORMS }))).toBeUndefined();
  });

  it('is found among the children of a query', () => {
    const query = el('query', { xmlns: 'jabber:iq:register' }, el('username'), new DataForm('cancel').toElement());
    expect(DataForm.findIn(query)?.type).toBe('cancel');
    expect(DataForm.findIn(el('query'))).toBeUndefined();
  });

  it('XEP-0068 section 4.3: a FORM_TYPE that is not hidden counts in a submission only', () => {
    const fields = [{ name: 'FORM_TYPE', type: 'text-single', values: ['urn:x'] }] as const;
    expect(new DataForm('form', { fields }).formType).toBeUndefined();
    expect(new DataForm('result', { fields }).formType).toBeUndefined();
    expect(new DataForm('submit', { fields }).formType).toBe('urn:x');
    expect(new DataForm('submit', { fields: [{ name: 'FORM_TYPE', values: ['urn:x'] }] }).formType).toBe('urn:x');
  });

  it('gives values by name', () => {
    expect(offered.value('maxsubs')).toBe('20');
    expect(offered.value('nothing')).toBeUndefined();
    expect(offered.values('nothing')).toEqual([]);
  });
});

describe('FormSubmission', () => {
  it('gives each value in the type of its field', () => {
    const form = submit(
      named,
      { name: 'description', values: ['one', '', 'two'] },
      { name: 'public', values: ['true'] },
      { name: 'features', values: ['news', 'search'] },
      { name: 'owner', values: ['Juliet@Capulet.com'] },
      { name: 'invitelist', values: ['romeo@montague.net', 'ROMEO@montague.net', 'benvolio@montague.net'] },
    );
    expect(form.problems).toEqual([]);
    expect(form.text('botname')).toBe('The Jabber Google Bot');
    expect(form.lines('description')).toBe('one\n\ntwo');
    expect(form.boolean('public')).toBe(true);
    expect(form.list('features')).toEqual(['news', 'search']);
    expect(String(form.jid('owner'))).toBe('juliet@capulet.com');
    expect(form.jids('invitelist').map(String)).toEqual(['romeo@montague.net', 'benvolio@montague.net']);
  });

  it('XEP-0004 section 3.5: tells a field that was left out from one without a value', () => {
    const form = submit(named, { name: 'description', values: [] });
    expect(form.isValid).toBe(true);
    expect(form.has('description')).toBe(true);
    expect(form.text('description')).toBeUndefined();
    expect(form.has('public')).toBe(false);
    expect(form.boolean('public')).toBeUndefined();
  });

  it('XEP-0004 section 3.1: leaves out fields that the form does not have', () => {
    expect(submit(named, { name: 'other', values: ['x'] }).has('other')).toBe(false);
  });

  it.each<[string, FormField[], string]>([
    ['a required field is missing', [], 'botname'],
    ['a required field is empty', [{ name: 'botname', values: [''] }], 'botname'],
    ['a field of one value has two', [{ name: 'botname', values: ['a', 'b'] }], 'botname'],
    ['a field is there twice', [named, named], 'botname'],
    ['a boolean is no boolean', [named, { name: 'public', values: ['yes'] }], 'public'],
    ['a choice is not among the options', [named, { name: 'maxsubs', values: ['30'] }], 'maxsubs'],
    ['one of many choices is not among the options', [named, { name: 'features', values: ['news', 'x'] }], 'features'],
    ['an address is no address', [named, { name: 'owner', values: ['@x'] }], 'owner'],
    ['one of many addresses is none', [named, { name: 'invitelist', values: ['a@b', 'a@'] }], 'invitelist'],
    ['the submission claims another type', [named, { name: 'public', type: 'text-single', values: ['yes'] }], 'public'],
  ])('XEP-0004 section 4: says so when %s', (_title, fields, field) => {
    const form = submit(...fields);
    expect(form.isValid).toBe(false);
    expect(form.problems.map((problem) => problem.field)).toEqual([field]);
    expect(form.has(field)).toBe(false);
  });

  it('XEP-0068 section 3: says so when the form is of another type', () => {
    const other = new DataForm('submit', { formType: 'jabber:other', fields: [named] });
    expect(FormSubmission.check(offered, other).problems.map((problem) => problem.field)).toEqual(['FORM_TYPE']);
    const none = new DataForm('submit', { fields: [named] });
    expect(FormSubmission.check(offered, none).isValid).toBe(true);
  });
});

describe('values', () => {
  it('XEP-0004 section 3.3: text goes a line to a value', () => {
    expect(linesOf('a\nb\r\nc\rd')).toEqual(['a', 'b', 'c', 'd']);
  });

  it('XEP-0004 section 3.3: booleans are those of XML Schema', () => {
    expect(['1', 'true', '0', 'false', 'True', ''].map(parseBoolean)).toEqual([
      true,
      true,
      false,
      false,
      undefined,
      undefined,
    ]);
  });
});
