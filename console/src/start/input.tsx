import type { Signal } from "@preact/signals";
import type { Field } from "./schema.ts";

interface Props {
  readonly fields: readonly Field[] | undefined;
  readonly hasForm: boolean;
  readonly values: Signal<Record<string, string>>;
  readonly json: Signal<string>;
  readonly asJson: Signal<boolean>;
  /** The field that was refused. */
  readonly wrong: string | undefined;
}

/** The input: a field each, or JSON. */
export function InputFields({ fields, hasForm, values, json, asJson, wrong }: Props) {
  const set = (name: string, value: string) => (values.value = { ...values.value, [name]: value });
  return (
    <fieldset>
      <legend>
        Input
        {hasForm && (
          <label class="check">
            <input type="checkbox" checked={asJson.value} onChange={(event) => (asJson.value = event.currentTarget.checked)} /> as JSON
          </label>
        )}
      </legend>
      {fields ? (
        fields.map((field) => <One key={field.name} field={field} value={values.value[field.name] ?? ""} isWrong={wrong === `input.${field.name}`} set={set} />)
      ) : (
        <textarea
          rows={4}
          value={json.value}
          onInput={(event) => (json.value = event.currentTarget.value)}
          placeholder='{"name": "value"}'
          aria-label="Input, as JSON"
          aria-invalid={wrong?.startsWith("input") || undefined}
          spellcheck={false}
        />
      )}
    </fieldset>
  );
}

function One({ field, value, isWrong, set }: { field: Field; value: string; isWrong: boolean; set: (name: string, value: string) => void }) {
  const { name, kind, isRequired, what, choices, isWhole, first } = field;
  const change = (event: { currentTarget: HTMLInputElement | HTMLSelectElement }) => set(name, event.currentTarget.value);
  const shared = { value, "aria-invalid": isWrong || undefined, required: isRequired, title: what || undefined };
  if (kind === "flag")
    return (
      <label class="check">
        <input type="checkbox" checked={value === "true"} onChange={(event) => set(name, String(event.currentTarget.checked))} /> {name}
      </label>
    );
  return (
    <label>
      <span>
        {name}
        {isRequired && <span class="faint"> needed</span>}
      </span>
      {kind === "choice" ? (
        <select {...shared} onChange={change}>
          <option value="" />
          {choices.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      ) : (
        <input {...shared} onInput={change} inputMode={kind === "number" ? (isWhole ? "numeric" : "decimal") : "text"} placeholder={first || what} autocomplete="off" />
      )}
    </label>
  );
}
