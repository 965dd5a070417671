-- Which texts can name a line, a machine or a person: checks of one value, used by the tables' own CHECKs.

-- Controls, blanks other than the space, zero-width and direction marks, fillers, variation selectors, tags: as in a
-- bracket expression. floor/core/text.py has the same characters.
CREATE OR REPLACE FUNCTION invisible_characters() RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT E'\\u0001-\\u001F\\u007F-\\u00A0\\u00AD\\u034F\\u061C\\u115F\\u1160\\u1680\\u17B4\\u17B5\\u180B-\\u180F\\u2000-\\u200F'
           '\\u2028-\\u202F\\u205F-\\u206F\\u2800\\u3000\\u3164\\uFDD0-\\uFDEF\\uFE00-\\uFE0F\\uFEFF\\uFFA0\\uFFF0-\\uFFFC\\uFFFE'
           '\\uFFFF\\U0001BCA0-\\U0001BCA3\\U0001D159\\U0001D173-\\U0001D17A\\U000E0000-\\U000E0FFF'
$$;

-- Whether there is anything in a text that people can see; null for null, which a CHECK lets pass.
CREATE OR REPLACE FUNCTION is_visible(value text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
BEGIN
    RETURN value ~ ('[^ ' || invisible_characters() || ']');
END $$;

-- For a CHECK on what names a line, a machine or a person: true, or an error that says why the text cannot. Such a text
-- is never changed on its way: two names that look alike would become one, or one name two.
CREATE OR REPLACE FUNCTION check_name(value text, field text, most integer) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
DECLARE
    hidden  text := substring(value FROM '[' || invisible_characters() || ']');
    problem text := CASE
        WHEN value IS NULL THEN NULL
        WHEN NOT is_visible(value) THEN 'must not be empty'
        WHEN value <> btrim(value) THEN 'begins or ends with a space: remove it'
        WHEN hidden IS NOT NULL
            THEN format('has a character in it that nobody can see (U+%s): remove it',
                        lpad(upper(to_hex(ascii(hidden))), greatest(4, length(to_hex(ascii(hidden)))), '0'))
        WHEN value IS NOT NFC NORMALIZED
            THEN 'has letters and accents as separate characters: write each as one character (Unicode NFC)'
        WHEN length(value) > most THEN format('has %s characters: at most %s fit', length(value), most) END;
BEGIN
    IF problem IS NOT NULL THEN
        RAISE check_violation USING MESSAGE = format('%s %s', replace(field, '_', ' '), problem), COLUMN = field;
    END IF;
    RETURN true;
END $$;

-- The name of another line monitor's table that check_name() takes, nearest to the one that is there; null for none.
CREATE OR REPLACE FUNCTION adopted_name(value text, most integer) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path FROM CURRENT AS $$
    SELECT nullif(btrim(left(btrim(normalize(regexp_replace(
        regexp_replace(value, E'[\\u0001-\\u001F\\u007F-\\u00A0\\u1680\\u2000-\\u200A\\u2028\\u2029\\u202F\\u205F\\u3000]+', ' ', 'g'),
        '[' || invisible_characters() || ']', '', 'g'), NFC)), most)), '')
$$;
