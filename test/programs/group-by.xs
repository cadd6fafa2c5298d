function "group-by" {
  input {
    json people
  }

  stack {
    array.group_by ($input.people) {
      by = $this.city
    } as $by_city

    var $report {
      value = []
    }
    foreach ($by_city|keys) {
      each as $city {
        var $members {
          value = $by_city|get:$city
        }
        array.push $report {
          value = {
            city   : $city
            names  : $members|map:$$.name
            average: (($members|map:$$.age)|sum) / ($members|count)
            oldest : $members|sort:"age":"int":false|first|get:"name"
          }
        }
      }
    }
  }

  response = $report|sort:"city":"text":true
}
