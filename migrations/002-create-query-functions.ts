import { type Kysely, sql } from 'kysely'

// Places are jsonb `{type, data}` with positions {lng, lat}; lines run along great circles of a sphere with the mean radius of the earth.
const statements = [
  // A position as a unit vector.
  `create function stackhold.geo_unit(place jsonb) returns float8[] language sql immutable parallel safe strict as $$
  select array[cosd(lat) * cosd(lng), cosd(lat) * sind(lng), sind(lat)] from (select (place ->> 'lng')::float8 as lng, (place ->> 'lat')::float8 as lat) as p
$$`,
  // Metres between two positions.
  `create function stackhold.geo_between(a jsonb, b jsonb) returns float8 language sql immutable parallel safe strict as $$
  select 2 * 6371008.8 * asin(least(1, sqrt(sind((lat2 - lat1) / 2) ^ 2 + cosd(lat1) * cosd(lat2) * sind((lng2 - lng1) / 2) ^ 2)))
  from (select (a ->> 'lng')::float8 as lng1, (a ->> 'lat')::float8 as lat1, (b ->> 'lng')::float8 as lng2, (b ->> 'lat')::float8 as lat2) as p
$$`,
  // The lines of a place, each a jsonb list of positions; areas are closed, single positions are lines of one.
  `create function stackhold.geo_lines(place jsonb) returns setof jsonb language sql immutable parallel safe strict as $$
  select case when jsonb_array_length(line) > 2 and place ->> 'type' in ('poly', 'polys') and line -> 0 <> line -> -1 then line || jsonb_build_array(line -> 0) else line end
  from (
    select jsonb_build_array(place -> 'data') as line where place ->> 'type' = 'point'
    union all select jsonb_build_array(item) from jsonb_array_elements(case when place ->> 'type' = 'points' then place -> 'data' else '[]' end) as item
    union all select place -> 'data' where place ->> 'type' in ('path', 'poly')
    union all select item from jsonb_array_elements(case when place ->> 'type' in ('paths', 'polys') then place -> 'data' else '[]' end) as item
  ) as lines where jsonb_typeof(line) = 'array' and jsonb_array_length(line) > 0
$$`,
  // The angle, in radians, between a position and a piece of a great circle.
  `create function stackhold.geo_angle(p float8[], a float8[], b float8[]) returns float8 language plpgsql immutable parallel safe strict as $$
declare
  n float8[] := array[a[2] * b[3] - a[3] * b[2], a[3] * b[1] - a[1] * b[3], a[1] * b[2] - a[2] * b[1]];
  size float8 := sqrt(n[1] ^ 2 + n[2] ^ 2 + n[3] ^ 2);
  height float8;
  foot float8[];
  ends float8 := least(sqrt((p[1] - a[1]) ^ 2 + (p[2] - a[2]) ^ 2 + (p[3] - a[3]) ^ 2), sqrt((p[1] - b[1]) ^ 2 + (p[2] - b[2]) ^ 2 + (p[3] - b[3]) ^ 2));
begin
  ends := 2 * asin(least(1, ends / 2));
  if size < 1e-15 then return ends; end if;
  n := array[n[1] / size, n[2] / size, n[3] / size];
  height := p[1] * n[1] + p[2] * n[2] + p[3] * n[3];
  foot := array[p[1] - height * n[1], p[2] - height * n[2], p[3] - height * n[3]];
  -- The foot of the perpendicular lies between the ends: on the inner side of both planes through an end and the normal.
  if (n[2] * a[3] - n[3] * a[2]) * foot[1] + (n[3] * a[1] - n[1] * a[3]) * foot[2] + (n[1] * a[2] - n[2] * a[1]) * foot[3] >= 0
    and (b[2] * n[3] - b[3] * n[2]) * foot[1] + (b[3] * n[1] - b[1] * n[3]) * foot[2] + (b[1] * n[2] - b[2] * n[1]) * foot[3] >= 0
  then return asin(least(1, abs(height))); end if;
  return ends;
end $$`,
  // Whether two pieces of great circles cross.
  `create function stackhold.geo_crosses(a float8[], b float8[], c float8[], d float8[]) returns boolean language plpgsql immutable parallel safe strict as $$
declare
  n float8[] := array[a[2] * b[3] - a[3] * b[2], a[3] * b[1] - a[1] * b[3], a[1] * b[2] - a[2] * b[1]];
  m float8[] := array[c[2] * d[3] - c[3] * d[2], c[3] * d[1] - c[1] * d[3], c[1] * d[2] - c[2] * d[1]];
  x float8[] := array[n[2] * m[3] - n[3] * m[2], n[3] * m[1] - n[1] * m[3], n[1] * m[2] - n[2] * m[1]];
  s1 float8 := -(c[1] * n[1] + c[2] * n[2] + c[3] * n[3]);
  s2 float8 := d[1] * n[1] + d[2] * n[2] + d[3] * n[3];
  s3 float8 := a[1] * m[1] + a[2] * m[2] + a[3] * m[3];
  s4 float8 := -(b[1] * m[1] + b[2] * m[2] + b[3] * m[3]);
begin
  return (s1 > 0 and s2 > 0 and s3 > 0 and s4 > 0 or s1 < 0 and s2 < 0 and s3 < 0 and s4 < 0)
    and (a[1] + b[1]) * (c[1] + d[1]) + (a[2] + b[2]) * (c[2] + d[2]) + (a[3] + b[3]) * (c[3] + d[3]) > 0
    and x <> array[0, 0, 0]::float8[];
end $$`,
  // Whether a position is inside a closed line or on it: the signed angles under which it sees the sides add up to a full turn.
  `create function stackhold.geo_inside(ring jsonb, place jsonb) returns boolean language plpgsql immutable parallel safe strict as $$
declare
  p float8[] := stackhold.geo_unit(place);
  points float8[][] := array(select stackhold.geo_unit(item) from jsonb_array_elements(ring) as item);
  a float8[]; b float8[]; i int; total float8 := 0; side float8 := 0; sine float8; cosine float8;
begin
  if coalesce(array_length(points, 1), 0) < 4 then return false; end if;
  for i in 1 .. array_length(points, 1) - 1 loop
    a := array[points[i][1], points[i][2], points[i][3]];
    b := array[points[i + 1][1], points[i + 1][2], points[i + 1][3]];
    if stackhold.geo_angle(p, a, b) < 1e-11 then return true; end if;
    sine := p[1] * (a[2] * b[3] - a[3] * b[2]) + p[2] * (a[3] * b[1] - a[1] * b[3]) + p[3] * (a[1] * b[2] - a[2] * b[1]);
    cosine := (a[1] * b[1] + a[2] * b[2] + a[3] * b[3]) - (a[1] * p[1] + a[2] * p[2] + a[3] * p[3]) * (b[1] * p[1] + b[2] * p[2] + b[3] * p[3]);
    total := total + atan2(sine, cosine);
    side := side + p[1] * a[1] + p[2] * a[2] + p[3] * a[3];
  end loop;
  return abs(total) > pi() and side > 0;
end $$`,
  `create function stackhold.geo_covers(area jsonb, place jsonb) returns boolean language plpgsql immutable parallel safe strict as $$
declare
  line jsonb; ring jsonb; covered boolean; i int; edge int;
begin
  if area ->> 'type' is null or area ->> 'type' not in ('poly', 'polys') then return false; end if;
  covered := false;
  for line in select stackhold.geo_lines(place) loop
    -- A line is within one of the areas: all its ends are, and it leaves through no side.
    covered := false;
    for ring in select stackhold.geo_lines(area) loop
      if (select bool_and(stackhold.geo_inside(ring, item)) from jsonb_array_elements(line) as item) then
        covered := true;
        for i in 0 .. jsonb_array_length(line) - 2 loop
          for edge in 0 .. jsonb_array_length(ring) - 2 loop
            if stackhold.geo_crosses(stackhold.geo_unit(line -> i), stackhold.geo_unit(line -> i + 1), stackhold.geo_unit(ring -> edge), stackhold.geo_unit(ring -> edge + 1)) then covered := false; end if;
          end loop;
        end loop;
        exit when covered;
      end if;
    end loop;
    if not covered then return false; end if;
  end loop;
  return covered;
end $$`,
  `create function stackhold.geo_distance(a jsonb, b jsonb) returns float8 language plpgsql immutable parallel safe strict as $$
declare
  best float8; other float8; l jsonb; r jsonb; p float8[]; q float8[]; s float8[]; t float8[]; i int; j int;
begin
  if a ->> 'type' = 'point' and b ->> 'type' = 'point' then return stackhold.geo_between(a -> 'data', b -> 'data'); end if;
  if exists (select from stackhold.geo_lines(a) as line, stackhold.geo_lines(b) as ring where b ->> 'type' in ('poly', 'polys') and stackhold.geo_inside(ring, line -> 0))
    or exists (select from stackhold.geo_lines(b) as line, stackhold.geo_lines(a) as ring where a ->> 'type' in ('poly', 'polys') and stackhold.geo_inside(ring, line -> 0))
  then return 0; end if;
  for l in select stackhold.geo_lines(a) loop
    for i in 0 .. greatest(jsonb_array_length(l) - 2, 0) loop
      p := stackhold.geo_unit(l -> i);
      q := coalesce(stackhold.geo_unit(l -> i + 1), p);
      for r in select stackhold.geo_lines(b) loop
        for j in 0 .. greatest(jsonb_array_length(r) - 2, 0) loop
          s := stackhold.geo_unit(r -> j);
          t := coalesce(stackhold.geo_unit(r -> j + 1), s);
          if stackhold.geo_crosses(p, q, s, t) then return 0; end if;
          other := least(stackhold.geo_angle(p, s, t), stackhold.geo_angle(q, s, t), stackhold.geo_angle(s, p, q), stackhold.geo_angle(t, p, q));
          best := least(best, other);
        end loop;
      end loop;
    end loop;
  end loop;
  return best * 6371008.8;
end $$`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
